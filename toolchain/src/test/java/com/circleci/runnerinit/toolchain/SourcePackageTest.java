package com.circleci.runnerinit.toolchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourcePackageTest {
  @TempDir private Path downloads;
  private Path folder;
  private Path archive;

  @BeforeEach
  void download() throws IOException {
    folder = Files.createDirectory(downloads.resolve("zlib_1.3-1"));
    archive = Files.writeString(folder.resolve("zlib_1.3.orig.tar.gz"), "the archive");
    Files.writeString(folder.resolve("zlib_1.3.orig.tar.gz.asc"), "its signature");
    Files.writeString(
        folder.resolve("zlib_1.3-1.dsc"),
        """
        Source: zlib
        Checksums-Sha1:
         1111 11 zlib_1.3.orig.tar.gz
        Checksums-Sha256:
         %s 11 zlib_1.3.orig.tar.gz
         2222 22 zlib_1.3-1.debian.tar.xz
        Files:
         3333 33 zlib_1.3.orig.tar.gz
        """
            .formatted(Sha256.of(archive)));
  }

  @Test
  void isNamedByItsFolder() {
    var source = SourcePackage.in(folder);

    assertThat(source.name()).isEqualTo("zlib");
    assertThat(source.version()).isEqualTo("1.3-1");
  }

  @Test
  void theFolderNameHasNoEpoch() {
    assertThat(SourcePackage.folderName("zlib", "1:1.3-1")).isEqualTo("zlib_1.3-1");
    assertThat(SourcePackage.folderName("openjdk-26", "26.0.2+1-1"))
        .isEqualTo("openjdk-26_26.0.2+1-1");
  }

  @Test
  void acceptsTheArchiveThatItsDescriptionNames() throws IOException {
    assertThat(SourcePackage.in(folder).checked().archive()).isEqualTo(archive);
  }

  @Test
  void refusesADamagedArchiveAndSaysWhatToDelete() throws IOException {
    Files.writeString(archive, "something else");

    assertThatThrownBy(() -> SourcePackage.in(folder).checked())
        .isInstanceOf(ToolchainException.class)
        .hasMessageContainingAll("zlib_1.3.orig.tar.gz is damaged", "delete " + folder);
  }
}
