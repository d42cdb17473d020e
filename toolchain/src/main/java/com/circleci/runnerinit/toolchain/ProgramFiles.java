package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The toolchain folder of the checkout: this program's own files. */
record ProgramFiles(Path folder) {
  private static final String LOCK = "builder.lock";

  ProgramFiles {
    requireNonNull(folder, "folder is null");
  }

  /** Found from where this class came from: its source file, or the module's class folder. */
  static ProgramFiles locate() {
    try {
      Path origin =
          Path.of(ProgramFiles.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      for (Path folder = origin; folder != null; folder = folder.getParent()) {
        if (Files.isRegularFile(folder.resolve(LOCK))) {
          return new ProgramFiles(folder);
        }
      }
      throw new IllegalStateException("no %s above %s".formatted(LOCK, origin));
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  Path lock() {
    return folder.resolve(LOCK);
  }

  Path cSources() {
    return folder.resolve("src/main/c");
  }

  Path javaSources() {
    return folder.resolve("src/main/java");
  }

  /** Everything that decides what is assembled, in a fixed order. */
  List<Path> inputs() throws IOException {
    var inputs = new ArrayList<Path>();
    inputs.add(lock());
    inputs.addAll(Trees.files(folder.resolve("src/main")));
    return inputs;
  }
}
