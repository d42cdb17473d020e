package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;

/** A Java home made of links into a JDK, which can be added to. */
record JavaHome(Path folder) {
  /** The launcher finds the Java home from where these are. */
  private static final Set<String> COPIED =
      Set.of("bin/java", "lib/libjli.so", "lib/server/libjvm.so", "lib/jvm.cfg");

  /** Not needed, or replaced by a file of the assembled home. */
  private static final Set<String> LEFT_OUT = Set.of("lib/security/cacerts", "release");

  private static final Set<String> FOLDERS_LEFT_OUT = Set.of("man", "legal", "demo");

  JavaHome {
    requireNonNull(folder, "folder is null");
  }

  void linkTo(Jdk jdk) throws IOException {
    Path source = jdk.home().toRealPath();
    Files.walkFileTree(
        source,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes)
              throws IOException {
            Path relative = source.relativize(path);
            if (FOLDERS_LEFT_OUT.contains(relative.toString())) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            Files.createDirectories(folder.resolve(relative));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes attributes)
              throws IOException {
            add(source, source.relativize(path));
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private void add(Path source, Path relative) throws IOException {
    if (COPIED.contains(relative.toString())) {
      Files.copy(source.resolve(relative), folder.resolve(relative));
    } else if (!LEFT_OUT.contains(relative.toString())) {
      Files.createSymbolicLink(folder.resolve(relative), source.resolve(relative));
    }
  }
}
