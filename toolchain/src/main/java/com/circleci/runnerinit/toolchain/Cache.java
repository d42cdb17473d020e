package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/** Where assembled homes and downloaded sources are kept, for every checkout of this machine. */
record Cache(Path folder) {
  /** Fills an empty folder. */
  interface Filler {
    void fill(Path folder) throws Exception;
  }

  static final String UNFINISHED = ".unfinished";

  Cache {
    requireNonNull(folder, "folder is null");
  }

  static Cache ofUser(Map<String, String> environment) {
    Path userCache =
        variable(environment, "XDG_CACHE_HOME")
            .or(() -> variable(environment, "HOME").map(home -> home.resolve(".cache")))
            .orElse(Path.of(System.getProperty("java.io.tmpdir")));
    return new Cache(
        variable(environment, "RUNNER_INIT_CACHE").orElse(userCache.resolve("runner-init")));
  }

  /** An empty folder for intermediate files, which lasts as long as the cache is locked. */
  Path scratch(String name) throws IOException {
    return Files.createDirectories(scratch().resolve(name));
  }

  private Path scratch() {
    return folder.resolve("scratch");
  }

  Path homes() {
    return folder.resolve("toolchain");
  }

  Path downloads() {
    return folder.resolve("downloads");
  }

  /** Runs it while no other process of this machine works in this cache. */
  <T> T locked(Progress progress, Callable<T> work) throws Exception {
    Files.createDirectories(folder);
    try (var channel =
            FileChannel.open(
                folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var lock = acquire(channel, progress)) {
      requireNonNull(lock, "lock is null");
      // What a run that was killed left behind.
      Trees.delete(scratch());
      try {
        return work.call();
      } finally {
        Trees.delete(scratch());
      }
    }
  }

  /**
   * Makes a folder that is either there and complete or not there at all. To be called while the
   * cache is locked: what an earlier run left unfinished is removed.
   */
  static void publish(Path folder, Filler filler) throws Exception {
    Path parent = requireNonNull(folder.getParent(), "folder has no parent");
    Files.createDirectories(parent);
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(parent, "*" + UNFINISHED)) {
      for (Path leftover : leftovers) {
        Trees.delete(leftover);
      }
    }
    Path unfinished = folder.resolveSibling(folder.getFileName() + UNFINISHED);
    Files.createDirectory(unfinished);
    filler.fill(unfinished);
    Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
  }

  private static FileLock acquire(FileChannel channel, Progress progress) throws IOException {
    FileLock free = channel.tryLock();
    if (free != null) {
      return free;
    }
    progress.note("waiting for another process that works in the cache");
    return channel.lock();
  }

  private static Optional<Path> variable(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name))
        .filter(value -> !value.isBlank())
        .map(value -> Path.of(value).toAbsolutePath());
  }
}
