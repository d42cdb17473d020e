package com.circleci.runnerinit.toolchain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheTest {
  @TempDir private Path folder;

  @Test
  void isWhereTheEnvironmentSays() {
    assertThat(Cache.ofUser(Map.of("HOME", "/home/me")).folder())
        .isEqualTo(Path.of("/home/me/.cache/runner-init"));
    assertThat(Cache.ofUser(Map.of("HOME", "/home/me", "XDG_CACHE_HOME", "/c")).folder())
        .isEqualTo(Path.of("/c/runner-init"));
    assertThat(Cache.ofUser(Map.of("XDG_CACHE_HOME", "/c", "RUNNER_INIT_CACHE", "/r")).folder())
        .isEqualTo(Path.of("/r"));
  }

  @Test
  void publishesAFolderOnlyWhenItIsComplete() throws Exception {
    Path published = folder.resolve("home");

    Cache.publish(
        published,
        unfinished -> {
          Files.writeString(unfinished.resolve("file"), "content");
          assertThat(published).doesNotExist();
        });

    assertThat(published.resolve("file")).hasContent("content");
  }

  @Test
  void anAttemptThatFailedLeavesNothingForTheNextOne() throws Exception {
    Path published = folder.resolve("home");
    assertThatThrownBy(() ->
            Cache.publish(
                published,
                unfinished -> {
                  Files.writeString(unfinished.resolve("old"), "content");
                  throw new IOException("disk full");
                }))
        .hasMessage("disk full");
    assertThat(published).doesNotExist();

    Cache.publish(published, unfinished -> Files.writeString(unfinished.resolve("new"), "content"));

    assertThat(published).isDirectoryContaining("glob:**/new");
    assertThat(published.resolve("old")).doesNotExist();
  }

  @Test
  void scratchFoldersLastAsLongAsTheLock() throws Exception {
    var cache = new Cache(folder);
    var progress = new Progress(System.err);
    Path leftBehind = Files.createDirectories(folder.resolve("scratch/work/leftover"));

    Path scratch =
        cache.locked(
            progress,
            () -> {
              assertThat(leftBehind).doesNotExist();
              return Files.createFile(cache.scratch("work").resolve("file"));
            });

    assertThat(scratch).doesNotExist();
  }
}
