package com.circleci.runnerinit.fuzzing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gives every fuzz target the inputs that are kept for it: seeds, and what once made it fail. They
 * lie in a folder named like the target, less {@code com.circleci.runnerinit}.
 */
class FuzzCorpusTest {
  private static final Path CORPUS = Path.of("src/test/fuzz");
  private static final Path SOURCES = Path.of("src/test/java/com/circleci/runnerinit");

  static List<Path> inputs() throws IOException {
    try (Stream<Path> files = Files.walk(CORPUS)) {
      return files.filter(Files::isRegularFile).map(CORPUS::relativize).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("inputs")
  void shouldHoldItsPropertiesFor(Path input) throws IOException, ReflectiveOperationException {
    byte[] bytes = Files.readAllBytes(CORPUS.resolve(input));
    MethodHandle target =
        MethodHandles.publicLookup()
            .findStatic(
                Class.forName("com.circleci.runnerinit." + input.getParent()),
                "fuzzerTestOneInput",
                MethodType.methodType(void.class, byte[].class));

    assertThatCode(() -> target.invokeWithArguments(bytes)).doesNotThrowAnyException();
  }

  @Test
  void shouldKeepInputsForEveryTarget() throws IOException {
    try (Stream<Path> sources = Files.walk(SOURCES);
        Stream<Path> folders = Files.list(CORPUS)) {
      assertThat(folders.map(folder -> folder.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(
              sources
                  .filter(source -> source.toString().endsWith("Fuzz.java"))
                  .map(source -> SOURCES.relativize(source).toString())
                  .map(name -> name.replace(".java", "").replace('/', '.'))
                  .toList());
    }
  }
}
