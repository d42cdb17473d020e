package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The JDK's native libraries and zlib, compiled for a static executable. */
record StaticLibraries(
    OpenJdkSource openJdk, Path zlib, Path headers, Jdk jdk, Arch arch, CCompiler compiler) {
  /** The modules whose native methods are compiled. */
  static final List<String> MODULES = List.of("java.base", "jdk.net");

  private static final List<String> OF_JAVA_BASE = List.of("java", "nio", "net", "zip");

  private static final List<String> ZLIB_WILDCARDS = List.of("*/*.c", "*/*.h");

  private static final List<String> ZLIB_SOURCES =
      List.of(
          "adler32.c",
          "compress.c",
          "crc32.c",
          "deflate.c",
          "infback.c",
          "inffast.c",
          "inflate.c",
          "inftrees.c",
          "trees.c",
          "uncompr.c",
          "zutil.c");

  StaticLibraries {
    requireNonNull(openJdk, "openJdk is null");
    requireNonNull(zlib, "zlib is null");
    requireNonNull(headers, "headers is null");
    requireNonNull(jdk, "jdk is null");
    requireNonNull(arch, "arch is null");
    requireNonNull(compiler, "compiler is null");
  }

  static void unpackZlib(SourcePackage source, Path folder) throws IOException {
    source.extract(ZLIB_WILDCARDS, folder);
  }

  void compileInto(Path folder) throws Exception {
    for (String library : OF_JAVA_BASE) {
      compile("java.base", library, folder);
    }
    compile("jdk.net", "extnet", folder);
    compiler
        .with(List.of("-DHAVE_UNISTD_H"))
        .archive(ZLIB_SOURCES.stream().map(zlib::resolve).toList(), folder.resolve("libz.a"));
  }

  private void compile(String module, String library, Path folder) throws Exception {
    compiler
        .with(flags(library))
        .archive(openJdk.sources(module, "lib" + library), folder.resolve("lib" + library + ".a"));
  }

  private List<String> flags(String library) throws IOException {
    var flags = new ArrayList<String>();
    // Not our code: its warnings are for its authors.
    flags.add("-w");
    for (String define :
        List.of(
            "STATIC_BUILD",
            "LIBRARY_NAME=" + library,
            "_GNU_SOURCE",
            "_REENTRANT",
            "LINUX",
            "_LP64=1",
            "_LITTLE_ENDIAN",
            "MUSL_LIBC",
            "_FILE_OFFSET_BITS=64",
            "_LARGEFILE64_SOURCE",
            "off64_t=off_t",
            "ARCHPROPNAME=\"%s\"".formatted(arch.jdkName()),
            "VERSION_STRING=\"%s\"".formatted(jdk.releaseValue("JAVA_RUNTIME_VERSION")))) {
      flags.add("-D" + define);
    }
    var includes = new ArrayList<Path>();
    includes.add(headers);
    includes.add(jdk.include());
    includes.add(jdk.include().resolve("linux"));
    includes.addAll(openJdk.hotspotIncludes());
    for (String other : List.of("java", "nio", "nio/ch", "nio/fs", "net", "zip")) {
      includes.addAll(openJdk.folders("java.base", "lib" + other));
    }
    includes.addAll(openJdk.folders("jdk.net", "libextnet"));
    includes.add(zlib);
    includes.forEach(include -> flags.add("-I" + include));
    return flags;
  }
}
