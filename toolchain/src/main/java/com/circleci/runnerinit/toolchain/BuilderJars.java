package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.toolchain.BuilderLock.Jar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** Fetches the image builder's jars with the user's own Maven, and checks them against the lock. */
record BuilderJars(BuilderLock lock, Jdk jdk) {
  private static final String COPY =
      "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies";

  BuilderJars {
    requireNonNull(lock, "lock is null");
    requireNonNull(jdk, "jdk is null");
  }

  void fetchInto(Path folder) throws IOException {
    Path project = Files.createTempDirectory("builder-jars");
    try {
      Path pom = Files.writeString(project.resolve("pom.xml"), pom());
      // In the project's folder, so that no .mvn folder of the checkout is taken for its own.
      Command.of("mvn", "-q", "-B", "-f", pom, COPY, "-DoutputDirectory=" + folder)
          .in(project)
          .with("JAVA_HOME", jdk.home())
          .run();
    } finally {
      Trees.delete(project);
    }
    check(folder);
  }

  /** Fails unless each file is the one that the lock names. */
  void check(Path folder) throws IOException {
    for (Jar jar : lock.jars()) {
      Path file = folder.resolve(jar.fileName());
      String found = Files.exists(file) ? Sha256.of(file) : "missing";
      if (!found.equals(jar.sha256())) {
        throw new ToolchainException(
            "%s is not the file that builder.lock pins: expected SHA-256 %s, found %s"
                .formatted(jar.fileName(), jar.sha256(), found));
      }
    }
  }

  private String pom() {
    return """
    <project xmlns="http://maven.apache.org/POM/4.0.0">
      <modelVersion>4.0.0</modelVersion>
      <groupId>com.circleci.runnerinit</groupId>
      <artifactId>builder-jars</artifactId>
      <version>1</version>
      <packaging>pom</packaging>
      <dependencies>
    %s  </dependencies>
    </project>
    """
        .formatted(lock.jars().stream().map(BuilderJars::dependency).collect(Collectors.joining()));
  }

  /** The lock names every jar, so what a jar depends on is left out. */
  private static String dependency(Jar jar) {
    return """
        <dependency>
          <groupId>%s</groupId>
          <artifactId>%s</artifactId>
          <version>%s</version>
          <exclusions>
            <exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion>
          </exclusions>
        </dependency>
    """
        .formatted(jar.group(), jar.artifact(), jar.version());
  }
}
