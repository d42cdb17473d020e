package com.circleci.runnerinit.toolchain.driver;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** What the class path itself says about how to build: its META-INF/native-image folders. */
record ClassPathConfiguration(List<String> options, List<String> javaOptions) {
  private static final String FOLDER = "META-INF/native-image/";

  private static final Map<String, String> OPTION_OF_FILE =
      Map.of(
          "jni-config.json", "JNIConfigurationResources",
          "proxy-config.json", "DynamicProxyConfigurationResources",
          "reachability-metadata.json", "ReachabilityMetadataResources",
          "reflect-config.json", "ReflectionConfigurationResources",
          "resource-config.json", "ResourceConfigurationResources",
          "serialization-config.json", "SerializationConfigurationResources");

  private static final String PROPERTIES = "native-image.properties";

  ClassPathConfiguration {
    options = List.copyOf(options);
    javaOptions = List.copyOf(javaOptions);
  }

  /** A resource of the folder, and the text of the one kind that is read here. */
  private record Resource(String name, String text) {
    String fileName() {
      return name.substring(name.lastIndexOf('/') + 1);
    }

    String folder() {
      return name.substring(0, name.lastIndexOf('/'));
    }
  }

  static ClassPathConfiguration of(List<Path> classPath, List<ConfigurationExclusion> exclusions)
      throws IOException {
    // One resource name stands for all resources of that name on the class path.
    Set<String> options = new LinkedHashSet<>();
    var javaOptions = new ArrayList<String>();
    for (Path entry : classPath) {
      for (Resource resource : resources(entry)) {
        if (exclusions.stream().noneMatch(excluded -> excluded.matches(entry, resource.name()))) {
          add(resource, options, javaOptions);
        }
      }
    }
    return new ClassPathConfiguration(List.copyOf(options), javaOptions);
  }

  private static void add(Resource resource, Set<String> options, List<String> javaOptions)
      throws IOException {
    String option = OPTION_OF_FILE.get(resource.fileName());
    if (option != null) {
      options.add(StandardOptions.option(option, resource.name()));
    } else if (resource.fileName().equals(PROPERTIES)) {
      var properties = new Properties();
      properties.load(new StringReader(resource.text()));
      ImageRequest request = parsed(properties.getProperty("Args", ""), resource);
      options.addAll(request.builderOptions());
      javaOptions.addAll(request.javaOptions());
      javaOptions.addAll(arguments(properties.getProperty("JavaArgs", ""), resource));
    }
  }

  private static ImageRequest parsed(String args, Resource resource) throws IOException {
    try {
      return ImageRequestParser.parse(arguments(args, resource));
    } catch (UsageException e) {
      throw new UsageException(resource.name() + ": " + e.getMessage());
    }
  }

  private static List<String> arguments(String value, Resource resource) {
    return Stream.of(value.strip().split("\\s+", -1))
        .filter(arg -> !arg.isEmpty())
        .map(arg -> arg.replace("${.}", resource.folder()))
        .toList();
  }

  private static List<Resource> resources(Path entry) throws IOException {
    if (Files.isDirectory(entry)) {
      return resourcesOfFolder(entry);
    }
    return Files.isRegularFile(entry) ? resourcesOfJar(entry) : List.of();
  }

  private static List<Resource> resourcesOfFolder(Path entry) throws IOException {
    Path folder = entry.resolve(FOLDER);
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    var resources = new ArrayList<Resource>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        String text = isProperties(file.toString()) ? Files.readString(file) : "";
        resources.add(new Resource(entry.relativize(file).toString(), text));
      }
    }
    return resources;
  }

  private static List<Resource> resourcesOfJar(Path jar) throws IOException {
    var resources = new ArrayList<Resource>();
    try (var zip = new ZipFile(jar.toFile())) {
      for (ZipEntry file : zip.stream().filter(file -> !file.isDirectory()).toList()) {
        if (file.getName().startsWith(FOLDER)) {
          String text =
              isProperties(file.getName())
                  ? new String(zip.getInputStream(file).readAllBytes(), UTF_8)
                  : "";
          resources.add(new Resource(file.getName(), text));
        }
      }
    }
    return resources;
  }

  private static boolean isProperties(String name) {
    return name.endsWith("/" + PROPERTIES);
  }
}
