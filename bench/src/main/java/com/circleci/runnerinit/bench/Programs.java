package com.circleci.runnerinit.bench;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The contestants' programs, where they are run from. How a file was written decides how large the
 * pieces are that the page cache holds it in, and so what its page faults cost. In a Pod, ours is
 * what {@code init} has left; the others get the largest pieces, by a single write each.
 */
final class Programs {
  private final Path folder;

  Programs(Path folder) {
    this.folder = requireNonNull(folder, "folder is null");
  }

  Path leftByInit(String name, Path executable) throws IOException {
    var source = Files.createDirectories(folder.resolve(name).resolve("source"));
    var destination = Files.createDirectories(folder.resolve(name).resolve("volume"));
    write(executable, source.resolve("orchestrator"));
    Files.writeString(source.resolve("circleci-agent"), "not run");
    try {
      var init =
          new ProcessBuilder(
                  executable.toString(), "init", source.toString(), destination.toString())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      if (init.waitFor() != 0) {
        throw new BenchException(executable + " init failed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted");
    }
    return destination.resolve("orchestrator");
  }

  Path written(Path program) throws IOException {
    return write(program, Files.createDirectories(folder).resolve(program.getFileName()));
  }

  private static Path write(Path program, Path to) throws IOException {
    var bytes = ByteBuffer.wrap(Files.readAllBytes(program));
    // Not into a file that is there, whose pages would stay as they are.
    Files.deleteIfExists(to);
    try (var channel =
        FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
    if (!to.toFile().setExecutable(true, false)) {
      throw new BenchException("can't make executable: " + to);
    }
    return to;
  }
}
