package com.circleci.runnerinit.toolchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandTest {
  @Test
  void runsInItsFolderWithItsVariables(@TempDir Path folder) {
    Command command =
        Command.of("sh", "-c", "echo \"$GREETING in $(pwd)\"").in(folder).with("GREETING", "hello");

    assertThat(command.run()).isEqualTo("hello in %s\n".formatted(folder));
  }

  @Test
  void aFailureCarriesWhatTheProgramSaid() {
    Command command = Command.of("sh", "-c", "echo why it failed >&2; exit 3");

    assertThatThrownBy(command::run)
        .hasMessageContaining("failed with exit code 3")
        .asInstanceOf(type(ToolchainException.class))
        .extracting(ToolchainException::details)
        .isEqualTo("why it failed\n");
  }

  @Test
  void aProgramThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> Command.of("no-such-program", "x").run())
        .isInstanceOf(ToolchainException.class)
        .hasMessageContaining("'no-such-program x' cannot be run");
  }
}
