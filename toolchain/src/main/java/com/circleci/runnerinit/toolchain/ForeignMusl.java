package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * Debian's musl for another architecture than this machine's, unpacked and not installed, so that
 * the machine's package lists stay as they are.
 */
record ForeignMusl(Arch arch, Cache cache, Progress progress) {
  private static final String PACKAGE = "musl-dev";

  ForeignMusl {
    requireNonNull(arch, "arch is null");
    requireNonNull(cache, "cache is null");
    requireNonNull(progress, "progress is null");
  }

  /** Named by a home's link, so it stays where it is. */
  Path compiler() {
    return folder().resolve("usr/bin").resolve(arch.musl() + "-gcc");
  }

  /** The package that was unpacked. */
  Path archive() throws IOException {
    return Trees.files(folder(), ".deb").getFirst();
  }

  /** To be called while the cache is locked. */
  void ensureUnpacked() throws Exception {
    if (!Files.isDirectory(folder())) {
      progress.step(
          "fetched " + PACKAGE + " for " + arch.debianName(),
          () -> {
            Path configuration =
                new AptConfiguration(cache.scratch("apt-packages"), sources()).write();
            Cache.publish(folder(), unfinished -> unpack(configuration, unfinished));
            return folder();
          });
    }
  }

  private Path folder() {
    return cache.downloads().resolve(PACKAGE + "-" + arch.debianName());
  }

  private void unpack(Path configuration, Path unfinished) throws IOException {
    Command.of("apt-get", "download", "-qq", PACKAGE + ":" + arch.debianName())
        .with("APT_CONFIG", configuration)
        .in(unfinished)
        .run();
    Path archive = Trees.files(unfinished, ".deb").getFirst();
    Command.of("dpkg-deb", "--extract", archive, unfinished).run();
    // The compiler's two files name all others by where Debian would install them.
    Path script = unfinished.resolve("usr/bin").resolve(arch.musl() + "-gcc");
    Path specs = unfinished.resolve("usr/lib").resolve(arch.musl()).resolve("musl-gcc.specs");
    for (Path file : List.of(script, specs)) {
      String moved =
          Files.readString(file)
              .replaceAll("/usr/(include|lib)/" + arch.musl(), folder() + "/usr/$1/" + arch.musl());
      Files.writeString(file, moved);
    }
  }

  /** The release that this machine has, so that both architectures get the same musl. */
  private List<String> sources() throws IOException {
    String release = release();
    DebianMirror mirror = DebianMirror.ofThisMachine();
    var sources = new ArrayList<String>();
    sources.add(source(mirror.main(), release));
    mirror.security().ifPresent(address -> sources.add(source(address, release + "-security")));
    return sources;
  }

  private String source(String address, String suite) {
    return "deb [arch=%s signed-by=%s] %s %s main"
        .formatted(arch.debianName(), AptConfiguration.KEYRING, address, suite);
  }

  private static String release() throws IOException {
    var properties = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of("/etc/os-release"))) {
      properties.load(reader);
    }
    return properties.getProperty("VERSION_CODENAME", "sid").replace("\"", "");
  }
}
