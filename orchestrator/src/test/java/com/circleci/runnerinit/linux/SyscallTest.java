package com.circleci.runnerinit.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;

/** That the numbers are those of the kernel's own headers. */
class SyscallTest {
  @Test
  void shouldHaveTheNumbersOfX86() throws Exception {
    assertThat(headers("__x86_64__", "/usr/include/x86_64-linux-gnu"))
        .isEqualTo(numbers(call -> call.x86));
  }

  @Test
  void shouldHaveTheNumbersOfAarch64() throws Exception {
    assertThat(headers("__aarch64__", "/usr/aarch64-linux-gnu/include"))
        .isEqualTo(numbers(call -> call.aarch64));
  }

  private static String numbers(ToIntFunction<Syscall> number) {
    var lines = new StringBuilder();
    for (Syscall syscall : Syscall.values()) {
      lines.append("%s %d%n".formatted(syscall, number.applyAsInt(syscall)));
    }
    return lines.toString();
  }

  /** The constants as the preprocessor replaces them: any compiler's, it is told for which CPU. */
  private static String headers(String cpu, String folder) throws Exception {
    var source = new StringBuilder("#include <asm/unistd.h>\n");
    for (Syscall syscall : Syscall.values()) {
      source.append("%s __NR_%s%n".formatted(syscall, syscall.name().toLowerCase(Locale.ROOT)));
    }
    Process cc =
        new ProcessBuilder(
                "cc", "-E", "-P", "-undef", "-nostdinc", "-D" + cpu, "-I" + folder, "-x", "c", "-")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var in = cc.getOutputStream()) {
      in.write(source.toString().getBytes(UTF_8));
    }
    String output = new String(cc.getInputStream().readAllBytes(), UTF_8);
    assertThat(cc.waitFor()).as("exit status of cc").isZero();
    // Blank lines stand for the headers.
    return output.replaceFirst("^\\n+", "");
  }
}
