package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.linux.CStrings;
import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import com.circleci.runnerinit.log.ControlCharacters;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The process's standard output and error, unbuffered. */
final class Console {
  private static final int STANDARD_OUTPUT = 1;
  private static final int STANDARD_ERROR = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Kernel kernel;
  private final String programName;

  Console(Kernel kernel, String programName) {
    this.kernel = kernel;
    this.programName = programName;
  }

  void print(String text) {
    write(STANDARD_OUTPUT, CStrings.encode(text));
  }

  /** Blocks while nobody reads. */
  void printLine(byte[] line) {
    write(STANDARD_OUTPUT, line);
  }

  /** One line on standard error, whatever the message holds; nothing when nobody reads. */
  void error(String message) {
    String text = CStrings.withoutEscapes(programName + ": error: " + message);
    String line = ControlCharacters.escape(text) + "\n";
    if (isRead(STANDARD_ERROR)) {
      write(STANDARD_ERROR, line.getBytes(StandardCharsets.UTF_8));
    }
  }

  private boolean isRead(int descriptor) {
    List<Interest> interests = List.of(Interest.inWriting(descriptor));
    return kernel.descriptors().await(interests, Optional.of(PATIENCE))[0];
  }

  private void write(int descriptor, byte[] bytes) {
    NativeBlock block = kernel.memory().allocate(Math.max(1, bytes.length));
    try {
      block.bytes().put(0, bytes);
      kernel.descriptors().writeAll(descriptor, block, bytes.length);
    } catch (KernelException e) {
      // Nobody reads any more, or there is no room: there is nobody else to tell.
    } finally {
      kernel.memory().release(block);
    }
  }
}
