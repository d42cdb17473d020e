package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Compiles C sources for musl into static libraries, whose bytes depend on nothing else. */
record CCompiler(Path work, Path gcc, String ar, List<String> flags) {
  CCompiler {
    requireNonNull(work, "work is null");
    requireNonNull(gcc, "gcc is null");
    requireNonNull(ar, "ar is null");
    flags = List.copyOf(requireNonNull(flags, "flags is null"));
  }

  /** A compiler for musl, with the kernel's headers, which musl doesn't bring. */
  static CCompiler musl(Arch arch, Path gcc, Path work) throws IOException {
    Path kernel = Files.createDirectories(work.resolve("kernel-headers"));
    Path usr = Path.of("/usr");
    Path include = usr.resolve("include");
    Path asm = include.resolve(arch.multiarch()).resolve("asm");
    String ar = "ar";
    if (arch.isForeign()) {
      include = usr.resolve(arch.multiarch()).resolve("include");
      asm = include.resolve("asm");
      ar = arch.multiarch() + "-ar";
    }
    Files.createSymbolicLink(kernel.resolve("linux"), include.resolve("linux"));
    Files.createSymbolicLink(kernel.resolve("asm-generic"), include.resolve("asm-generic"));
    Files.createSymbolicLink(kernel.resolve("asm"), asm);
    return new CCompiler(work, gcc, ar, List.of("-idirafter", kernel.toString()));
  }

  CCompiler with(List<String> more) {
    var all = new ArrayList<>(flags);
    all.addAll(more);
    return new CCompiler(work, gcc, ar, all);
  }

  /** Compiles all the sources, as many at a time as there are processors, into one archive. */
  void archive(List<Path> sources, Path library) throws Exception {
    Path objects = work.resolve("objects").resolve(library.getFileName().toString());
    Files.createDirectories(objects);
    var compilations = new ArrayList<Future<Path>>();
    try (var pool = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
      for (Path source : sources) {
        compilations.add(pool.submit(() -> compile(source, objects)));
      }
    }
    var archive = new ArrayList<>(List.of(ar, "rcsD", library.toString()));
    for (Future<Path> compilation : compilations) {
      archive.add(result(compilation).toString());
    }
    Files.createDirectories(library.getParent());
    Command.of(archive).run();
  }

  private Path compile(Path source, Path objects) {
    String name = source.getFileName().toString().replaceFirst("\\.c$", ".o");
    Path object = objects.resolve(name);
    if (Files.exists(object)) {
      throw new IllegalStateException("two sources named " + source.getFileName());
    }
    var compile = new ArrayList<>(List.of(gcc.toString(), "-c", "-Os", "-pipe"));
    compile.addAll(List.of("-fno-strict-aliasing", "-ffunction-sections", "-fdata-sections"));
    compile.add("-ffile-prefix-map=" + work + "=.");
    compile.addAll(flags);
    compile.addAll(List.of("-o", object.toString(), source.toString()));
    Command.of(compile).run();
    return object;
  }

  private static Path result(Future<Path> compilation) throws Exception {
    try {
      return compilation.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ToolchainException failure ? failure : e;
    }
  }
}
