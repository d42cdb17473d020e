package com.circleci.runnerinit.task.process;

import com.circleci.runnerinit.linux.NativeBlock;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Keeps the first and the last bytes of an output of any length, as Go's os/exec does for its error
 * messages. Safe for two threads.
 */
public final class OutputTail {
  private static final int KEPT = 160;

  private final byte[] head = new byte[KEPT];
  private final byte[] ring = new byte[KEPT];
  private long total;

  synchronized void append(NativeBlock block, int length) {
    int toHead = (int) Math.max(0, Math.min(length, KEPT - total));
    if (toHead > 0) {
      block.bytes().get(0, head, (int) total, toHead);
    }
    // Of what does not fit into the head, only the last bytes can end up in the ring.
    int from = Math.max(toHead, length - KEPT);
    for (int at = from; at < length; at++) {
      ring[(int) ((total + at) % KEPT)] = block.bytes().get(at);
    }
    total += length;
  }

  /** The text, with a note of how many bytes are left out of its middle. */
  public synchronized String text() {
    ByteArrayOutputStream text = new ByteArrayOutputStream(2 * KEPT + 64);
    text.write(head, 0, (int) Math.min(total, KEPT));
    long omitted = total - 2 * KEPT;
    if (omitted > 0) {
      text.writeBytes(
          ("\n... omitting " + omitted + " bytes ...\n").getBytes(StandardCharsets.UTF_8));
    }
    for (long at = Math.max(KEPT, total - KEPT); at < total; at++) {
      text.write(ring[(int) (at % KEPT)]);
    }
    return text.toString(StandardCharsets.UTF_8);
  }
}
