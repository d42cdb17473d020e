package com.circleci.runnerinit.toolchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.circleci.runnerinit.toolchain.BuilderLock.Jar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuilderLockTest {
  private static final String HASH = "0123456789abcdef".repeat(4);

  @Test
  void readsJarsAndLeavesCommentsOut() {
    var lock = BuilderLock.parse(List.of("# a comment", "", "org.example:a-b:1.2 " + HASH));

    assertThat(lock.jars()).containsExactly(new Jar("org.example", "a-b", "1.2", HASH));
    assertThat(lock.jars().getFirst().fileName()).isEqualTo("a-b-1.2.jar");
  }

  @Test
  void refusesAJarWithoutAHash() {
    assertThatThrownBy(() -> BuilderLock.parse(List.of("org.example:a:1.2")))
        .isInstanceOf(ToolchainException.class)
        .hasMessageContaining("org.example:a:1.2");
  }

  @Test
  void theCommittedLockNamesTheBuilderAndItsCompilerInOneVersion() throws IOException {
    var lock = BuilderLock.read(ProgramFiles.locate().lock());

    assertThat(lock.jars()).hasSize(13).extracting(Jar::version).containsOnly(lock.version());
    assertThat(lock.compiler().fileName()).isEqualTo("compiler-" + lock.version() + ".jar");
  }

  @Test
  void aJarThatIsNotThePinnedOneIsNamedWithBothHashes(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("a-1.jar"), "something else");
    var jars =
        new BuilderJars(BuilderLock.parse(List.of("org.example:a:1 " + HASH)), Jdk.running());

    assertThatThrownBy(() -> jars.check(folder))
        .isInstanceOf(ToolchainException.class)
        .hasMessageContainingAll("a-1.jar", HASH, Sha256.of(folder.resolve("a-1.jar")));
  }
}
