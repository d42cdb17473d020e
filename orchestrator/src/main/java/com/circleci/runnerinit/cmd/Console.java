package com.circleci.runnerinit.cmd;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.nio.charset.StandardCharsets;

/** The process's standard output and error, unbuffered. */
final class Console {
  private static final int STANDARD_OUTPUT = 1;
  private static final int STANDARD_ERROR = 2;

  private final Kernel kernel;
  private final String programName;

  Console(Kernel kernel, String programName) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.programName = requireNonNull(programName, "programName is null");
  }

  void print(String text) {
    write(STANDARD_OUTPUT, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Blocks while nobody reads. */
  void printLine(byte[] line) {
    write(STANDARD_OUTPUT, line);
  }

  /** One line on standard error, whatever the message holds. */
  void error(String message) {
    String line = programName + ": error: " + message.replace("\n", "\\n").replace("\r", "\\r");
    write(STANDARD_ERROR, (line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private void write(int descriptor, byte[] bytes) {
    NativeBlock block = kernel.allocate(Math.max(1, bytes.length));
    try {
      block.bytes().put(0, bytes);
      int written = 0;
      while (written < bytes.length) {
        written += kernel.write(descriptor, block, written, bytes.length - written);
      }
    } catch (KernelException e) {
      // Nobody reads any more, and there is nobody else to tell.
    } finally {
      kernel.release(block);
    }
  }
}
