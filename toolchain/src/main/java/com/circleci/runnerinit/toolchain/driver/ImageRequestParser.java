package com.circleci.runnerinit.toolchain.driver;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Pattern;

/** Reads the options of native-image. */
final class ImageRequestParser {
  private final List<Path> classPath = new ArrayList<>();
  private final List<String> builderOptions = new ArrayList<>();
  private final List<String> javaOptions = new ArrayList<>();
  private final List<ConfigurationExclusion> exclusions = new ArrayList<>();
  private Optional<String> mainClass = Optional.empty();
  private Optional<Path> output = Optional.empty();
  private boolean verbose;

  static ImageRequest parse(Collection<String> args) throws IOException {
    var parser = new ImageRequestParser();
    var rest = new ArrayDeque<>(args);
    while (!rest.isEmpty()) {
      parser.take(rest);
    }
    return parser.request();
  }

  private ImageRequest request() {
    List<Path> entries = classPath.isEmpty() ? List.of(Path.of("").toAbsolutePath()) : classPath;
    return new ImageRequest(
        entries, mainClass, output, builderOptions, javaOptions, exclusions, verbose);
  }

  private void take(Deque<String> rest) throws IOException {
    String arg = rest.removeFirst();
    Optional<List<String>> translated = StandardOptions.translate(arg);
    if (translated.isPresent()) {
      builderOptions.addAll(translated.get());
    } else if (arg.startsWith("-H:") || arg.startsWith("-R:")) {
      builderOptions.add(arg);
    } else if (arg.startsWith("-D")) {
      javaOptions.add(arg);
    } else if (arg.startsWith("-J")) {
      javaOptions.add(arg.substring(2));
    } else if (arg.startsWith("-")) {
      takeOptionWithValue(arg, rest);
    } else {
      takePositional(arg);
    }
  }

  private void takeOptionWithValue(String arg, Deque<String> rest) throws IOException {
    int equals = arg.startsWith("--") ? arg.indexOf('=') : -1;
    String name = equals < 0 ? arg : arg.substring(0, equals);
    if (equals >= 0) {
      rest.addFirst(arg.substring(equals + 1));
    }
    switch (name) {
      case "-cp", "-classpath", "--class-path" -> addToClassPath(next(name, rest));
      case "-o" -> output = Optional.of(Path.of(next(name, rest)));
      case "-jar" -> takeJar(Path.of(next(name, rest)));
      case "--limit-modules" ->
          javaOptions.add("-Dsvm.modulesupport.limitedModules=" + next(name, rest));
      case "--add-modules" ->
          javaOptions.add("-Dsvm.modulesupport.addedModules=" + next(name, rest));
      case "--exclude-config" ->
          exclusions.add(
              new ConfigurationExclusion(
                  Pattern.compile(next(name, rest)), Pattern.compile(next(name, rest))));
      case "--verbose" -> verbose = true;
      default -> {
        String option =
            StandardOptions.withSeparateValue(name)
                .orElseThrow(
                    () -> new UsageException("unknown option '%s'; see --help".formatted(arg)));
        builderOptions.add(StandardOptions.option(option, next(name, rest)));
      }
    }
  }

  private void takePositional(String arg) {
    if (mainClass.isEmpty()) {
      mainClass = Optional.of(arg);
    } else if (output.isEmpty()) {
      output = Optional.of(Path.of(arg));
    } else {
      throw new UsageException("unexpected argument '%s' after the main class".formatted(arg));
    }
  }

  private void takeJar(Path jar) throws IOException {
    classPath.add(jar);
    try (var file = new JarFile(jar.toFile())) {
      mainClass =
          Optional.ofNullable(file.getManifest())
              .map(manifest -> manifest.getMainAttributes().getValue(Attributes.Name.MAIN_CLASS));
    }
    if (mainClass.isEmpty()) {
      throw new UsageException("the manifest of %s names no main class".formatted(jar));
    }
  }

  private void addToClassPath(String entries) throws IOException {
    for (String entry : entries.split(File.pathSeparator, -1)) {
      if (entry.endsWith("/*")) {
        Path folder = Path.of(entry.substring(0, entry.length() - 2));
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, "*.jar")) {
          var sorted = new ArrayList<Path>();
          jars.forEach(sorted::add);
          classPath.addAll(sorted.stream().sorted().toList());
        }
      } else if (!entry.isEmpty()) {
        classPath.add(Path.of(entry));
      }
    }
  }

  private static String next(String option, Deque<String> rest) {
    if (rest.isEmpty()) {
      throw new UsageException(option + " needs a value");
    }
    return rest.removeFirst();
  }
}
