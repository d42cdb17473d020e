package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Source packages from Debian's archive, by an apt configuration that leaves the machine's alone.
 */
final class DebianSources {
  /** The stable release first. */
  private static final List<String> SUITES = List.of("trixie", "forky", "sid");

  private static final String SECURITY_SUITE = "trixie-security";

  private final Cache cache;
  private final Path downloads;
  private final Progress progress;
  private Optional<Path> updated = Optional.empty();

  DebianSources(Cache cache, Progress progress) {
    this.cache = requireNonNull(cache, "cache is null");
    this.downloads = cache.downloads();
    this.progress = requireNonNull(progress, "progress is null");
  }

  /** The first of these packages that is in the cache or else can be downloaded. */
  SourcePackage first(List<String> names) throws Exception {
    Optional<SourcePackage> cached = cached(names);
    if (cached.isPresent()) {
      return cached.get().checked();
    }
    return progress.step("downloaded the source of " + names.getLast(), () -> download(names));
  }

  private Optional<SourcePackage> cached(List<String> names) throws IOException {
    Files.createDirectories(downloads);
    for (String name : names) {
      try (DirectoryStream<Path> folders = Files.newDirectoryStream(downloads, name + "_*")) {
        for (Path folder : folders) {
          if (!folder.toString().endsWith(Cache.UNFINISHED)) {
            return Optional.of(SourcePackage.in(folder));
          }
        }
      }
    }
    return Optional.empty();
  }

  private SourcePackage download(List<String> names) throws Exception {
    Path configuration = configuration();
    var tried = new ArrayList<String>();
    for (String name : names) {
      for (String version : versions(configuration, name)) {
        Optional<SourcePackage> source = download(configuration, name, version);
        if (source.isPresent()) {
          return source.get().checked();
        }
        tried.add(name + " " + version);
      }
    }
    throw new ToolchainException(
        ("no source package of %s can be downloaded from Debian (tried: %s); try again later, or"
                + " set GRAALVM_HOME to a GraalVM %d with native-image")
            .formatted(
                String.join(" or ", names),
                tried.isEmpty() ? "none is listed" : String.join(", ", tried),
                Jdk.FEATURE_VERSION));
  }

  private Optional<SourcePackage> download(Path configuration, String name, String version)
      throws Exception {
    Path folder = downloads.resolve(SourcePackage.folderName(name, version));
    Command fetch =
        Command.of("apt-get", "source", "-qq", "--download-only", name + "=" + version)
            .with("APT_CONFIG", configuration);
    try {
      Cache.publish(folder, unfinished -> fetch.in(unfinished).run());
      return Optional.of(SourcePackage.in(folder));
    } catch (ToolchainException e) {
      // Listed, but the archive no longer has the files: the next one may be there.
      return Optional.empty();
    }
  }

  private static List<String> versions(Path configuration, String name) {
    String madison =
        Command.of("apt-cache", "madison", name).with("APT_CONFIG", configuration).run();
    return madisonVersions(madison);
  }

  /** The versions in the order of {@code apt-cache madison}, each once. */
  static List<String> madisonVersions(String madison) {
    return madison
        .lines()
        .map(line -> line.split("\\|", -1))
        .filter(fields -> fields.length == 3)
        .map(fields -> fields[1].strip())
        .distinct()
        .toList();
  }

  /** A configuration of apt with up-to-date lists, made at the first need. */
  private Path configuration() throws IOException {
    if (updated.isEmpty()) {
      updated = Optional.of(new AptConfiguration(cache.scratch("apt-sources"), sources()).write());
    }
    return updated.get();
  }

  private static List<String> sources() {
    DebianMirror mirror = DebianMirror.ofThisMachine();
    Stream<String> main = SUITES.stream().map(suite -> mirror.main() + " " + suite);
    Stream<String> security =
        mirror.security().stream().map(address -> address + " " + SECURITY_SUITE);
    return Stream.concat(main, security)
        .map(source -> "deb-src [signed-by=%s] %s main".formatted(AptConfiguration.KEYRING, source))
        .toList();
  }
}
