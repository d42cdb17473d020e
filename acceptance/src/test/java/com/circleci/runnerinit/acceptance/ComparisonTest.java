package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** That docs/comparison.md names tests that there are. */
class ComparisonTest {
  private static final Path PAGE = Path.of("../docs/comparison.md");
  private static final Pattern TEST = Pattern.compile("`(\\w+Test)\\.(should\\w+)`");

  static Stream<MatchResult> tests() throws Exception {
    return TEST.matcher(Files.readString(PAGE)).results();
  }

  @ParameterizedTest
  @MethodSource("tests")
  void shouldNameATestThatThereIs(MatchResult test) throws Exception {
    var type = Class.forName(ComparisonTest.class.getPackageName() + "." + test.group(1));

    assertThat(type.getDeclaredMethods())
        .extracting(method -> method.getName())
        .contains(test.group(2));
  }
}
