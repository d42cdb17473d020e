package com.circleci.runnerinit.testing;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** CI runs each command of the documents as it is written there, or it stands here why not. */
class DocumentedCommandsTest {
  private static final Path CHECKOUT = Command.checkout();
  private static final String IMAGE = "registry.example.com/your-org/runner-init";
  private static final String VERIFY = " --key cosign.pub --insecure-ignore-tlog=true ";

  /** Those that need what CI has not, or that it runs in another shape, and who does the same. */
  private static final Map<String, String> NOT_RUN =
      Map.ofEntries(
          entry("./do unit-test", "./do test begins with it"),
          entry("./do images agent", "ImagesTest builds one over another task agent"),
          entry("podman login registry.example.com", "PublishingTest has a registry of its own"),
          entry(
              "IMAGE_REPOSITORY=" + IMAGE + " COSIGN_KEY=cosign.key ./do publish agent",
              "PublishingTest pushes test-agent"),
          entry("cosign verify" + VERIFY + IMAGE + ":agent", "PublishingTest does"),
          entry(
              "cosign verify-attestation" + VERIFY + "--type slsaprovenance1 " + IMAGE + ":agent",
              "PublishingTest does"),
          entry(
              "KUBECONFIG=~/.kube/config IMAGE_REPOSITORY=" + IMAGE + " ./do smoke-tests",
              "./do kubernetes-tests does, on a cluster of its own"),
          entry("kubectl logs POD -c orchestrator", "needs a task's Pod; ClusterTest has one"),
          entry("kubectl logs POD -c primary", "the same"),
          entry("kubectl describe pod POD", "the same"),
          entry("kubectl port-forward POD 7623", "the same"),
          entry("java=$JAVA_HOME/bin/java", "./do build finds it"),
          entry(
              "main=toolchain/src/main/java/com/circleci/runnerinit/toolchain/Toolchain.java",
              "./do build has it"),
          entry("$java $main home", "./do build calls it for each architecture"),
          entry("$java $main key", "ToolchainTest asks for it"),
          entry("$java $main describe", "HelloWorldTest calls it"),
          entry(
              "$($java $main home)/bin/native-image -cp app.jar --static --libc=musl -Os"
                  + " --no-fallback -march=x86-64-v2 -o app com.example.Main",
              "HelloWorldTest builds a program so"));

  static List<Path> pages() {
    try (Stream<Path> docs = Files.walk(CHECKOUT.resolve("docs"))) {
      var others = Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "toolchain/README.md");
      return Stream.concat(
              others.map(CHECKOUT::resolve), docs.filter(file -> file.toString().endsWith(".md")))
          .map(CHECKOUT::relativize)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void shouldBeRunByCiAsWrittenOrSayWhyNot() {
    var run = read(Path.of(".ci/run")).lines().map(line -> line.replaceFirst("( 2>&1)? \\|.*", ""));
    var documented =
        pages().stream()
            .flatMap(page -> shell(page).stream())
            .flatMap(block -> block.replaceAll("\\\\\\n *", "").lines())
            .map(line -> line.replaceFirst("(^| +)#.*", ""))
            .filter(line -> !line.isBlank())
            .toList();

    assertThat(documented).hasSizeGreaterThan(9).containsAll(NOT_RUN.keySet());
    var neither = documented.stream().filter(line -> !NOT_RUN.containsKey(line)).toList();
    assertThat(run).containsAll(neither).doesNotContainAnyElementsOf(NOT_RUN.keySet());
  }

  @ParameterizedTest
  @MethodSource("pages")
  void shouldBeOfTheLanguageThatItsBlockNames(Path page) {
    assertThat(blocks(page)).allSatisfy(block -> assertThat(block.group(1)).isNotEmpty());
    shell(page).forEach(block -> Command.feed(block, "bash", "-n"));
  }

  static Stream<Path> callers() {
    return Stream.concat(pages().stream(), Stream.of(Path.of(".circleci/config.yml")));
  }

  /** In sentences, too. */
  @ParameterizedTest
  @MethodSource("callers")
  void shouldNameVerbsFlagsAndSettingsThatThereAre(Path page) {
    var settingsOfAnyVerb = Command.succeed("./do", "help", "build");
    var helps = new HashMap<String, String>();
    for (var command : found("(?:[A-Z_]+=\\S+ )*\\./do ([a-z][a-z0-9-]*)[^`\\n]*", read(page))) {
      var help =
          helps.computeIfAbsent(
              command.group(1), verb -> Command.succeed("./do", "help", verb) + settingsOfAnyVerb);
      for (var word : found("(?<=[ \\[])--[a-z-]+|[A-Z_]+(?==)", command.group())) {
        assertThat(help).as(command.group()).contains(word.group());
      }
    }
  }

  private static List<String> shell(Path page) {
    return blocks(page).stream()
        .filter(block -> block.group(1).equals("sh"))
        .map(block -> block.group(2))
        .toList();
  }

  private static List<MatchResult> blocks(Path page) {
    return found("(?ms)^```(\\S*)\\n(.*?)^```$", read(page));
  }

  private static List<MatchResult> found(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().toList();
  }

  private static String read(Path file) {
    try {
      return Files.readString(CHECKOUT.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
