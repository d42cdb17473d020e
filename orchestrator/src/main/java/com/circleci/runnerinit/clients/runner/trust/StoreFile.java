package com.circleci.runnerinit.clients.runner.trust;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file of the system's certificate store. */
final class StoreFile {
  /** Twenty times the usual bundle: what is bigger is something else, and memory is small. */
  private static final int MAX_BYTES = 4 << 20;

  private StoreFile() {}

  /**
   * Reads the certificates of a file in PEM.
   *
   * @throws IOException if it can't be read; {@link NoSuchFileException} if it isn't there
   */
  static Bundle read(Path file) throws IOException {
    // Opening a named pipe would wait for its writer.
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new IOException("not a regular file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(MAX_BYTES + 1);
      if (content.length > MAX_BYTES) {
        throw new IOException("larger than 4 MiB");
      }
      return Pem.certificates(content);
    }
  }
}
