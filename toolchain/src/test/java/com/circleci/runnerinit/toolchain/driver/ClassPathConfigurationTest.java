package com.circleci.runnerinit.toolchain.driver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassPathConfigurationTest {
  private static final String FOLDER = "META-INF/native-image/org.example/lib/";

  @TempDir private Path folder;

  @Test
  void namesEachKindOfConfigurationFileOfAFolder() throws IOException {
    for (String kind : List.of("jni", "proxy", "reflect", "resource", "serialization")) {
      write(FOLDER + kind + "-config.json", "{}");
    }
    write(FOLDER + "reachability-metadata.json", "{}");
    write("META-INF/other/reflect-config.json", "{}");

    assertThat(configurationOf(folder).options())
        .containsExactlyInAnyOrder(
            "-H:JNIConfigurationResources@user+api=" + FOLDER + "jni-config.json",
            "-H:DynamicProxyConfigurationResources@user+api=" + FOLDER + "proxy-config.json",
            "-H:ReflectionConfigurationResources@user+api=" + FOLDER + "reflect-config.json",
            "-H:ResourceConfigurationResources@user+api=" + FOLDER + "resource-config.json",
            "-H:SerializationConfigurationResources@user+api="
                + FOLDER
                + "serialization-config.json",
            "-H:ReachabilityMetadataResources@user+api=" + FOLDER + "reachability-metadata.json");
  }

  @Test
  void readsTheArgumentsOfAJar() throws IOException {
    Path jar =
        jar(
            Map.of(
                FOLDER + "native-image.properties",
                """
                Args = --initialize-at-build-time=org.example \\
                  -H:ResourceConfigurationResources=${.}/own.json
                JavaArgs = -Xss16m
                """));

    ClassPathConfiguration configuration = configurationOf(jar);

    assertThat(configuration.options())
        .containsExactly(
            "-H:ClassInitialization@user+api=org.example:build_time",
            "-H:ResourceConfigurationResources=" + FOLDER + "own.json");
    assertThat(configuration.javaOptions()).containsExactly("-Xss16m");
  }

  @Test
  void anOptionInAJarThatIsUnknownIsNamedWithItsPlace() throws IOException {
    Path jar = jar(Map.of(FOLDER + "native-image.properties", "Args = --pgo=x"));

    assertThatThrownBy(() -> configurationOf(jar))
        .isInstanceOf(UsageException.class)
        .hasMessageContainingAll(FOLDER + "native-image.properties", "--pgo=x");
  }

  @Test
  void namesAResourceOfTwoJarsOnce() throws IOException {
    write(FOLDER + "reflect-config.json", "[]");
    Path jar = jar(Map.of(FOLDER + "reflect-config.json", "[]"));

    assertThat(ClassPathConfiguration.of(List.of(folder, jar), List.of()).options()).hasSize(1);
  }

  @Test
  void leavesOutWhatIsExcluded() throws IOException {
    Path jar = jar(Map.of(FOLDER + "reflect-config.json", "[]"));
    var excluded =
        new ConfigurationExclusion(
            Pattern.compile("lib\\.jar"), Pattern.compile("/META-INF/native-image/.*"));

    assertThat(ClassPathConfiguration.of(List.of(jar), List.of(excluded)).options()).isEmpty();
  }

  private static ClassPathConfiguration configurationOf(Path entry) throws IOException {
    return ClassPathConfiguration.of(List.of(entry), List.of());
  }

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private Path jar(Map<String, String> files) throws IOException {
    Path jar = folder.resolve("lib.jar");
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (var file : files.entrySet()) {
        out.putNextEntry(new ZipEntry(file.getKey()));
        out.write(file.getValue().getBytes(UTF_8));
      }
    }
    return jar;
  }
}
