package com.circleci.runnerinit.task.process;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;

/** Reads a text file of any size line by line, in constant memory. */
final class FileLines {
  private static final int BLOCK_BYTES = 64 * 1024;

  /** A longer line is passed over. */
  private static final int MAX_LINE_BYTES = 64 * 1024;

  private FileLines() {}

  /** Hands over each line until one is what was looked for. */
  static void read(Kernel kernel, String file, Predicate<String> until) throws KernelException {
    int descriptor = kernel.files().openForReading(file);
    NativeBlock block = kernel.memory().allocate(BLOCK_BYTES);
    try {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      int read;
      while ((read = kernel.descriptors().read(descriptor, block)) > 0) {
        for (int at = 0; at < read; at++) {
          byte b = block.bytes().get(at);
          if (b != '\n') {
            // One byte past the limit is enough to know that it was passed.
            if (line.size() <= MAX_LINE_BYTES) {
              line.write(b);
            }
          } else if (endOfLine(line, until)) {
            return;
          }
        }
      }
      endOfLine(line, until);
    } finally {
      kernel.memory().release(block);
      kernel.descriptors().close(descriptor);
    }
  }

  private static boolean endOfLine(ByteArrayOutputStream line, Predicate<String> until) {
    boolean whole = line.size() <= MAX_LINE_BYTES;
    String text = whole ? line.toString(StandardCharsets.UTF_8) : "";
    line.reset();
    return whole && until.test(text);
  }
}
