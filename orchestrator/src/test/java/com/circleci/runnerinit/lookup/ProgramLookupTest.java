package com.circleci.runnerinit.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.linux.ForeignSyscalls;
import com.circleci.runnerinit.linux.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramLookupTest {
  @TempDir private Path folder = Path.of("");

  private Path first = Path.of("");
  private Path second = Path.of("");

  @BeforeEach
  void writePrograms() throws IOException {
    first = Files.createDirectory(folder.resolve("first"));
    second = Files.createDirectory(folder.resolve("second"));
    program(second.resolve("e"), "rwxr-xr-x");
  }

  @Test
  void shouldFindTheFirstThatMayBeExecuted() throws Exception {
    program(first.resolve("e"), "rw-r--r--");
    Files.createDirectory(first.resolve("folder"));

    assertThat(find("e", "/none:" + first + ":" + second)).isEqualTo(second + "/e");
    assertThatThrownBy(() -> find("folder", first.toString()))
        .hasMessage("exec: \"folder\": executable file not found in $PATH");
  }

  @Test
  void shouldRefuseAProgramThatARelativeElementFinds() {
    String relative = Path.of("").toAbsolutePath().relativize(second).toString();

    assertThat(relative).doesNotStartWith("/");
    assertThatThrownBy(() -> find("e", relative + ":" + second))
        .isInstanceOf(LookupException.class)
        .hasMessage("exec: \"e\": cannot run executable found relative to current directory");
  }

  @Test
  void shouldTakeAnEmptyElementForTheCurrentDirectory() throws Exception {
    Path here = Path.of("lookup-" + ProcessHandle.current().pid()).toAbsolutePath();
    program(here, "rwxr-xr-x");
    try {
      String name = here.getFileName().toString();
      for (String path : new String[] {":/none", "/none:", "/none::/none", ".", ":" + second}) {
        assertThatThrownBy(() -> find(name, path))
            .hasMessage(
                "exec: \""
                    + name
                    + "\": cannot run executable found relative to current directory");
      }
      assertThatThrownBy(() -> find(name, ""))
          .hasMessage("exec: \"" + name + "\": executable file not found in $PATH");
    } finally {
      Files.delete(here);
    }
  }

  @Test
  void shouldTakeTheFirstMatchThoughARelativeOneFollows() throws Exception {
    assertThat(find("e", second + ":.")).isEqualTo(second + "/e");
    assertThat(find("e", "none:" + second)).isEqualTo(second + "/e");
  }

  @Test
  void shouldNotLookAtANameWithASlash() throws Exception {
    assertThat(find("./e", "/none")).isEqualTo("./e");
  }

  @Test
  void shouldSayThatThereIsNoCommand() {
    assertThatThrownBy(() -> find("", second.toString())).hasMessage("exec: no command");
    assertThatThrownBy(() -> ProgramLookup.find(files(), Optional.empty(), "e"))
        .hasMessage("exec: \"e\": executable file not found in $PATH");
  }

  private static String find(String program, String path) throws LookupException {
    return ProgramLookup.find(files(), Optional.of(path), program);
  }

  private static com.circleci.runnerinit.linux.Files files() {
    return Kernel.of(new ForeignSyscalls()).files();
  }

  private static void program(Path file, String permissions) throws IOException {
    Files.createFile(file);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
  }
}
