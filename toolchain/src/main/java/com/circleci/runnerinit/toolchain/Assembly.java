package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.toolchain.BuilderLock.Jar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;

/** Assembles a folder that looks like a GraalVM home, with a {@code bin/native-image}. */
final class Assembly {
  private static final List<String> OPENJDK = List.of("openjdk-25", "openjdk-26");
  private static final List<String> ZLIB = List.of("zlib");
  private static final Path MUSL_OF_THIS_MACHINE = Path.of("/usr/bin/musl-gcc");

  private static final String LAUNCHER =
      """
      #!/bin/sh
      # The options of GraalVM's native-image, for an image builder that runs on a stock JDK.
      home=$(dirname "$(dirname "$(readlink -f "$0")")")
      exec "$home/bin/java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \\
        -cp "$home/lib/svm/driver" com.circleci.runnerinit.toolchain.driver.NativeImage "$home" "$@"
      """;

  private final ProgramFiles program;
  private final Jdk jdk;
  private final Arch arch;
  private final Cache cache;
  private final Progress progress;
  private final ForeignMusl musl;

  Assembly(ProgramFiles program, Jdk jdk, Arch arch, Cache cache, Progress progress) {
    this.program = requireNonNull(program, "program is null");
    this.jdk = requireNonNull(jdk, "jdk is null");
    this.arch = requireNonNull(arch, "arch is null");
    this.cache = requireNonNull(cache, "cache is null");
    this.progress = requireNonNull(progress, "progress is null");
    musl = new ForeignMusl(arch, cache, progress);
  }

  /** The home, assembled now unless it is in the cache. */
  Path home() throws Exception {
    String key = CacheKey.of(program, jdk, arch);
    Path home = cache.homes().resolve(key);
    // Also for a home from the cache: building an executable needs the compiler and musl.
    var packages = new DebianPackages(arch, progress);
    if (Files.exists(muslCompiler(home)) && packages.missing().isEmpty()) {
      return home;
    }
    return cache.locked(
        progress,
        () -> {
          packages.ensureInstalled();
          if (arch.isForeign()) {
            musl.ensureUnpacked();
          }
          if (!Files.isDirectory(home)) {
            progress.note("assembling a GraalVM home in " + home);
            progress.step("assembled the home", () -> assemble(home, key, packages.versions()));
          }
          return home;
        });
  }

  private Path assemble(Path home, String key, Map<String, String> packages) throws Exception {
    BuilderLock lock = BuilderLock.read(program.lock());
    Path jars = jars(lock);
    var sources = new DebianSources(cache, progress);
    SourcePackage openJdk = sources.first(OPENJDK);
    SourcePackage zlib = sources.first(ZLIB);
    var description =
        new Description()
            .put("key", key)
            .put("arch", arch.jdkName())
            .put("graalvm.version", lock.version())
            .put("jdk.version", jdk.releaseValue("JAVA_RUNTIME_VERSION"))
            .put("jdk.implementor", jdk.releaseValue("IMPLEMENTOR_VERSION"))
            .put("jdk.release.sha256", Sha256.of(jdk.release()))
            .putSource("openjdk", openJdk)
            .putSource("zlib", zlib)
            .putAll("debian.", packages);
    if (arch.isForeign()) {
      description.putFile("musl-dev", musl.archive());
    }
    for (Jar jar : lock.jars()) {
      description.put("jar." + jar.group() + "." + jar.fileName() + ".sha256", jar.sha256());
    }
    Path work = cache.scratch("assembly");
    Cache.publish(
        home,
        unfinished -> {
          progress.step("linked to " + jdk.home(), () -> addJdk(unfinished, lock));
          progress.step("added the image builder", () -> addBuilder(unfinished, lock, jars));
          addLibraries(unfinished, openJdk, zlib, work);
          addDriver(unfinished);
          if (arch.isForeign()) {
            progress.step(
                "asked C for its types and constants on " + arch.jdkName(),
                () -> new CapCache(unfinished, arch).write(work));
          }
          description.write(unfinished);
        });
    return home;
  }

  private Path jars(BuilderLock lock) throws Exception {
    var builderJars = new BuilderJars(lock, jdk);
    String hash = Sha256.of(program.lock()).substring(0, 16);
    Path folder = cache.downloads().resolve("builder-jars-" + hash);
    if (Files.isDirectory(folder)) {
      builderJars.check(folder);
    } else {
      progress.step(
          "fetched the image builder " + lock.version(),
          () -> {
            Cache.publish(folder, builderJars::fetchInto);
            return folder;
          });
    }
    return folder;
  }

  private Path addJdk(Path home, BuilderLock lock) throws IOException {
    new JavaHome(home).linkTo(jdk);
    String release = Files.readString(jdk.release());
    return Files.writeString(
        home.resolve("release"), release + "GRAALVM_VERSION=\"%s\"\n".formatted(lock.version()));
  }

  private Path addBuilder(Path home, BuilderLock lock, Path jars) throws IOException {
    Path builder = Files.createDirectories(home.resolve("lib/svm/builder"));
    Path compiler = Files.createDirectories(home.resolve("lib/graalvm"));
    for (Jar jar : lock.jars()) {
      Path folder = jar.equals(lock.compiler()) ? compiler : builder;
      Files.copy(jars.resolve(jar.fileName()), folder.resolve(jar.fileName()));
    }
    List<Path> all = lock.jars().stream().map(jar -> jars.resolve(jar.fileName())).toList();
    return Files.write(
        home.resolve("lib/svm/builder-exports.args"), new ModuleExports(all).arguments());
  }

  private void addLibraries(Path home, SourcePackage openJdkSource, SourcePackage zlib, Path work)
      throws Exception {
    OpenJdkSource openJdk =
        progress.step(
            "unpacked " + openJdkSource.name() + " " + openJdkSource.version(),
            () -> OpenJdkSource.unpack(openJdkSource, work.resolve("openjdk")));
    Path zlibSources = work.resolve("zlib");
    StaticLibraries.unpackZlib(zlib, zlibSources);
    RootCertificates.write(openJdk.rootCertificates(), home.resolve("lib/security/cacerts"));

    linkMuslCompiler(home);

    Path headers = work.resolve("headers");
    progress.step(
        "made the headers of the JDK's native methods",
        () -> {
          new JniHeaders(jdk, work.resolve("java")).generate(StaticLibraries.MODULES, headers);
          return headers;
        });

    CCompiler compiler = CCompiler.musl(arch, muslCompiler(home), work);
    var libraries = new StaticLibraries(openJdk, zlibSources, headers, jdk, arch, compiler);
    Path staticLibraries = home.resolve("lib/static").resolve(arch.platform()).resolve("musl");
    var own = new CLibraries(program.cSources(), jdk, arch, compiler);
    Path cLibraries = home.resolve("lib/svm/clibraries").resolve(arch.platform());
    progress.step(
        "compiled the native libraries",
        () -> {
          libraries.compileInto(staticLibraries);
          own.compileInto(cLibraries, openJdk);
          own.compileReporter(home.resolve("lib/svm/builder/lib/libreporterchelper.so"));
          return home;
        });
  }

  private Path muslCompiler(Path home) {
    return home.resolve("lib/svm/musl").resolve(arch.musl() + "-gcc");
  }

  private void linkMuslCompiler(Path home) throws IOException {
    Path link = muslCompiler(home);
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, arch.isForeign() ? musl.compiler() : MUSL_OF_THIS_MACHINE);
  }

  private void addDriver(Path home) throws IOException {
    Path sources = program.javaSources();
    Command.of(
            jdk.program("javac"),
            "--release=" + Jdk.FEATURE_VERSION,
            "-proc:none",
            "-sourcepath",
            sources,
            "-d",
            home.resolve("lib/svm/driver"),
            sources.resolve("com/circleci/runnerinit/toolchain/driver/NativeImage.java"))
        .run();
    Path launcher = Files.writeString(home.resolve("bin/native-image"), LAUNCHER);
    Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
