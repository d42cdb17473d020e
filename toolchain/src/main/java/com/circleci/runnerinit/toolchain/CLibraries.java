package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The C code of our own: what the image and the JDK's libraries call, and the builder's reporter.
 */
record CLibraries(Path sources, Jdk jdk, Arch arch, CCompiler compiler) {
  private static final List<String> WARNINGS = List.of("-std=gnu17", "-Wall", "-Wextra", "-Werror");

  CLibraries {
    requireNonNull(sources, "sources is null");
    requireNonNull(jdk, "jdk is null");
    requireNonNull(arch, "arch is null");
    requireNonNull(compiler, "compiler is null");
  }

  /** Libraries and headers, as the image builder's C library path has them. */
  void compileInto(Path folder, OpenJdkSource openJdk) throws Exception {
    Path headers = sources.resolve("include");
    CCompiler strict = compiler.with(WARNINGS).with(List.of("-D_GNU_SOURCE"));
    strict
        .with(List.of("-I" + headers))
        .archive(forThisArch("libchelper"), folder.resolve("liblibchelper.a"));
    var jvmIncludes = new ArrayList<String>();
    for (Path include : openJdk.hotspotIncludes()) {
      jvmIncludes.add("-I" + include);
    }
    jdkIncludes().forEach(include -> jvmIncludes.add("-I" + include));
    strict.with(jvmIncludes).archive(forThisArch("libjvm"), folder.resolve("libjvm.a"));
    Path include = Files.createDirectories(folder.resolve("include"));
    for (Path header : Trees.files(headers)) {
      Files.copy(
          header, include.resolve(header.getFileName()), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Runs in the builder's JVM, so it is made for the machine's own libc. */
  void compileReporter(Path library) throws IOException {
    Files.createDirectories(library.getParent());
    var gcc = new ArrayList<>(List.of("gcc", "-shared", "-fPIC", "-Os"));
    gcc.addAll(WARNINGS);
    jdkIncludes().forEach(include -> gcc.add("-I" + include));
    gcc.addAll(List.of("-o", library.toString()));
    gcc.add(sources.resolve("reporter/reporter.c").toString());
    Command.of(gcc).run();
  }

  private List<Path> jdkIncludes() {
    return List.of(jdk.include(), jdk.include().resolve("linux"));
  }

  /** Files for one architecture have its name at the end. */
  private List<Path> forThisArch(String library) throws IOException {
    return Trees.files(sources.resolve(library), ".c").stream()
        .filter(file -> !isForAnotherArch(file))
        .toList();
  }

  private boolean isForAnotherArch(Path file) {
    return List.of(Arch.values()).stream()
        .filter(other -> other != arch)
        .anyMatch(other -> file.toString().endsWith("_" + other.jdkName() + ".c"));
  }
}
