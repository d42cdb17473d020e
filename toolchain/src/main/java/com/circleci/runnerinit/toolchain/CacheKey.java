package com.circleci.runnerinit.toolchain;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The name of an assembled home: a hash of all that decides what is in it. */
final class CacheKey {
  private static final int LENGTH = 16;

  private CacheKey() {}

  static String of(ProgramFiles program, Jdk jdk, Arch arch) throws IOException {
    var hash = new Sha256();
    for (Path file : program.inputs()) {
      hash.add(program.folder().relativize(file).toString(), Files.readAllBytes(file));
    }
    // The home links to the JDK's files, so the JDK's place counts as well as its version.
    hash.add("jdk", jdk.home().toString().getBytes(UTF_8));
    hash.add("release", Files.readAllBytes(jdk.release()));
    hash.add("arch", arch.jdkName().getBytes(UTF_8));
    return hash.hex().substring(0, LENGTH);
  }
}
