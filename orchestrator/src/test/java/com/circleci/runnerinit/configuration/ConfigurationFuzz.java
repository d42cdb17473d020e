package com.circleci.runnerinit.configuration;

import com.circleci.runnerinit.fuzzing.Property;
import java.nio.charset.StandardCharsets;

/** Fuzz target: a task's configuration, as it is and after a token that must not show. */
public final class ConfigurationFuzz {
  private static final String TOKEN = "s3cr3t-t0k3n";

  /** What a log line, a fail event and a termination message can hold. */
  private static final int LONGEST_PROBLEM = 2048;

  private ConfigurationFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    check(text);
    check("{\"token\":\"" + TOKEN + "\"" + text);
  }

  private static void check(String document) {
    Configuration configuration = ConfigurationParser.parse(document);
    String problem = configuration.problem().orElse("");
    Property.holds(!problem.contains(TOKEN), "the token shows: %s", problem);
    Property.holds(problem.length() <= LONGEST_PROBLEM, "%d characters", problem.length());
    // Fields are named, values never shown: the words are all ours.
    Property.holds(
        problem.chars().allMatch(c -> c >= ' ' && c < 0x7f), "part of the document: %s", problem);
    Property.holds(
        configuration.problem().isPresent() || configuration.canReport(),
        "right, but it can't report");
    Property.holds(configuration.command().stream().noneMatch(w -> w.indexOf('\0') >= 0), "NUL");
    Property.holds(
        !configuration.maxRunTime().isZero()
            || GoDuration.format(configuration.maxRunTime()).equals("0s"),
        "maxRunTime");
  }
}
