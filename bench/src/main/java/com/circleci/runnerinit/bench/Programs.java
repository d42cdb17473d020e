package com.circleci.runnerinit.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Copies of the contestants' programs, to be run instead. How a file was written decides how large
 * the pieces are that the page cache holds it in, and so what its page faults cost; here, each was
 * written by a single write.
 */
final class Programs {
  private Programs() {}

  static Path copied(Path program, Path to) throws IOException {
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
