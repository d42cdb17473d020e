package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What can only be seen from the start of a process on. */
class SeparateJvmTest {
  @Test
  void shouldNotTouchTheMetricsLibraryBeforeTheFirstScrape() throws Exception {
    String output = run("-Xlog:class+load", "127.0.0.1:0");

    int probed = output.indexOf(LazyMetrics.PROBED);
    assertThat(probed).isPositive();
    assertThat(output.substring(0, probed)).doesNotContain(" io.prometheus.");
    assertThat(output.substring(probed)).contains(" io.prometheus.", LazyMetrics.SCRAPED);
  }

  private static String run(String option, String address)
      throws IOException, InterruptedException {
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                option,
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                LazyMetrics.class.getName(),
                address)
            .redirectErrorStream(true)
            .start();
    String output = new String(java.getInputStream().readAllBytes(), UTF_8);
    assertThat(java.waitFor()).as(output).isZero();
    return output;
  }
}
