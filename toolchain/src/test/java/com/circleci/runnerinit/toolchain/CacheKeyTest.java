package com.circleci.runnerinit.toolchain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheKeyTest {
  @TempDir private Path folder;
  private ProgramFiles program;
  private Jdk jdk;

  @BeforeEach
  void create() throws IOException {
    program = new ProgramFiles(Files.createDirectory(folder.resolve("toolchain")));
    jdk = new Jdk(Files.createDirectory(folder.resolve("jdk")));
    Files.createDirectories(program.cSources());
    Files.writeString(program.lock(), "jars");
    Files.writeString(program.cSources().resolve("a.c"), "int a;");
    Files.writeString(jdk.release(), "JAVA_VERSION=\"25.0.3\"");
  }

  @Test
  void staysTheSameForTheSameInputs() throws IOException {
    assertThat(key(Arch.AMD64)).isEqualTo(key(Arch.AMD64)).matches("[0-9a-f]{16}");
  }

  @Test
  void doesNotCountTestsAndDocumentation() throws IOException {
    String before = key(Arch.AMD64);
    Files.writeString(program.folder().resolve("README.md"), "words");

    assertThat(key(Arch.AMD64)).isEqualTo(before);
  }

  @Test
  void changesWithEachInput() throws IOException {
    String first = key(Arch.AMD64);
    assertThat(key(Arch.AARCH64)).isNotEqualTo(first);

    Files.writeString(program.cSources().resolve("a.c"), "int b;");
    String second = key(Arch.AMD64);
    Files.writeString(program.lock(), "other jars");
    String third = key(Arch.AMD64);
    Files.writeString(jdk.release(), "JAVA_VERSION=\"25.0.4\"");
    String fourth = key(Arch.AMD64);

    assertThat(List.of(first, second, third, fourth)).doesNotHaveDuplicates();
  }

  private String key(Arch arch) throws IOException {
    return CacheKey.of(program, jdk, arch);
  }
}
