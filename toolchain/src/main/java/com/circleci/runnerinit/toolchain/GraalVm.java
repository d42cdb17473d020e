package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** A GraalVM or Mandrel that somebody installed. */
record GraalVm(Path home, String version) {
  GraalVm {
    requireNonNull(home, "home is null");
    requireNonNull(version, "version is null");
  }

  /** The one of GRAALVM_HOME, else the JDK that runs this if it is one: if it is of version 25. */
  static Optional<GraalVm> installed(Map<String, String> environment, Jdk jdk, Progress progress) {
    Optional<Path> named =
        Optional.ofNullable(environment.get("GRAALVM_HOME"))
            .filter(value -> !value.isBlank())
            .map(value -> Path.of(value).toAbsolutePath());
    named
        .filter(home -> !Files.isExecutable(nativeImage(home)))
        .ifPresent(home -> progress.note("GRAALVM_HOME has no bin/native-image: " + home));
    return Stream.concat(named.stream(), Stream.of(jdk.home()))
        .flatMap(home -> at(home, progress).stream())
        .findFirst();
  }

  private static Optional<GraalVm> at(Path home, Progress progress) {
    Path nativeImage = nativeImage(home);
    if (!Files.isExecutable(nativeImage)) {
      return Optional.empty();
    }
    String version = Command.of(nativeImage, "--version").run().lines().findFirst().orElse("");
    if (!isSupported(version)) {
      progress.note(
          "%s is '%s', not version %d: not used"
              .formatted(nativeImage, version, Jdk.FEATURE_VERSION));
      return Optional.empty();
    }
    return Optional.of(new GraalVm(home, version));
  }

  private static Path nativeImage(Path home) {
    return home.resolve("bin/native-image");
  }

  String describe() throws IOException {
    return new Description()
        .put("graalvm.home", home.toString())
        .put("graalvm.native-image.version", version)
        .putFile("graalvm.release", home.resolve("release"))
        .toString();
  }

  static boolean isSupported(String version) {
    return version.matches("native-image %d(\\D.*)?".formatted(Jdk.FEATURE_VERSION));
  }
}
