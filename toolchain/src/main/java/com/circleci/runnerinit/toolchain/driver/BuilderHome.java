package com.circleci.runnerinit.toolchain.driver;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

/** The assembled home that this driver belongs to. */
record BuilderHome(Path folder) {
  BuilderHome {
    requireNonNull(folder, "folder is null");
  }

  Path java() {
    return folder.resolve("bin/java");
  }

  /** The modules that take the place of the JDK's own. */
  List<Path> upgradeModules() throws IOException {
    return jars(folder.resolve("lib/graalvm"));
  }

  List<Path> builderModules() throws IOException {
    return jars(folder.resolve("lib/svm/builder"));
  }

  Path exports() {
    return folder.resolve("lib/svm/builder-exports.args");
  }

  /** The compiler for musl. */
  Path muslCompiler() throws IOException {
    return only(folder.resolve("lib/svm/musl"));
  }

  /** Libraries and headers of the platform that is built for: it has those of one alone. */
  Path cLibraries() throws IOException {
    return only(folder.resolve("lib/svm/clibraries"));
  }

  /** The platform that is built for, such as {@code linux-amd64}. */
  String platform() throws IOException {
    return cLibraries().getFileName().toString();
  }

  /** What the builder would ask of C, by programs that don't run on this machine. */
  Path capCache() {
    return folder.resolve("lib/svm/cap");
  }

  String version() throws IOException {
    return releaseValue("GRAALVM_VERSION");
  }

  String javaVersion() throws IOException {
    return releaseValue("JAVA_RUNTIME_VERSION");
  }

  private String releaseValue(String name) throws IOException {
    var release = new Properties();
    try (Reader reader = Files.newBufferedReader(folder.resolve("release"))) {
      release.load(reader);
    }
    return release.getProperty(name, "unknown").replace("\"", "");
  }

  private static Path only(Path parent) throws IOException {
    try (Stream<Path> entries = Files.list(parent)) {
      return entries.findFirst().orElseThrow(() -> new UsageException("nothing in " + parent));
    }
  }

  private static List<Path> jars(Path folder) throws IOException {
    var jars = new ArrayList<Path>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "*.jar")) {
      entries.forEach(jars::add);
    }
    return jars.stream().sorted().toList();
  }
}
