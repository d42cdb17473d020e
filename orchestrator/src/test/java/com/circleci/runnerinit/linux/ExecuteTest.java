package com.circleci.runnerinit.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small program around the C, since a JVM can't become another program. */
class ExecuteTest {
  private static final Path SOURCE = Path.of("src/main/c/runner_init.c");

  @Test
  void shouldBecomeTheProgramThoughAWriteToAClosedPipeHasLeftItsSignalPending(@TempDir Path folder)
      throws Exception {
    Path program = folder.resolve("program");
    Path source =
        Files.writeString(
            folder.resolve("program.c"),
            """
            #include "%s"
            int main(void) {
              sigset_t pipe_signal;
              int ends[2];
              sigemptyset(&pipe_signal);
              sigaddset(&pipe_signal, SIGPIPE);
              sigprocmask(SIG_BLOCK, &pipe_signal, NULL);
              signal(SIGPIPE, SIG_DFL);
              if (pipe(ends) || close(ends[0]) || write(ends[1], "x", 1) != -1) return 2;
              char *words[] = {"/bin/sh", "-c", "grep -q '^SigIgn:.*[02468ace]...$' /proc/self/status", NULL};
              char *none[] = {NULL};
              return (int)-runner_init_execute(words[0], words, none);
            }
            """
                .formatted(SOURCE.toAbsolutePath()));

    assertThat(run("/usr/bin/cc", "-o", program.toString(), source.toString())).isZero();
    assertThat(run(program.toString())).isZero();
  }

  private static int run(String... words) throws Exception {
    return new ProcessBuilder(words)
        .redirectOutput(new File("/dev/null"))
        .redirectError(new File("/dev/null"))
        .start()
        .waitFor();
  }
}
