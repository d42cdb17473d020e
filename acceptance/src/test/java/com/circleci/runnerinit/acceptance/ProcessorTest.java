package com.circleci.runnerinit.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.acceptance.harness.Executables;
import com.circleci.runnerinit.testing.Command;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Processors of other machines, by QEMU's user emulation: docs/decisions/0010 has the oldest. */
@Tag("image")
class ProcessorTest {
  static Stream<Arguments> models() {
    var starts = "runner-init version ";
    var lacks = "orchestrator: this machine's CPU lacks what this program was built for: ";
    return Executables.architecture().equals("arm64")
        ? Stream.of("cortex-a53", "cortex-a72", "neoverse-n1", "max")
            .map(model -> Arguments.of("aarch64", model, 0, starts))
        : Stream.concat(
            Stream.of(
                    "Nehalem",
                    "Westmere",
                    "SandyBridge",
                    "Haswell",
                    "Skylake-Server",
                    "EPYC",
                    "max")
                .map(model -> Arguments.of("x86_64", model, 0, starts)),
            Stream.of(
                Arguments.of("x86_64", "qemu64", 1, lacks + "SSSE3 SSE4_1 SSE4_2 POPCNT"),
                Arguments.of("x86_64", "core2duo", 1, lacks + "SSE4_1 SSE4_2 POPCNT")));
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldStartOrSayWhatTheProcessorLacks(
      String architecture, String model, int exitCode, String words) {
    var qemu = "qemu-%s-static".formatted(architecture);
    var program = Executables.orchestrator().toString();

    var result =
        Command.run(
            Command.checkout(), Map.of(), List.of(qemu, "-cpu", model, program, "--version"));

    assertThat(result.status()).isEqualTo(exitCode);
    // QEMU warns of what it leaves out of a model.
    assertThat(result.output().lines().filter(line -> !line.startsWith("qemu-")))
        .singleElement()
        .satisfies(line -> assertThat(line).startsWith(words));
  }
}
