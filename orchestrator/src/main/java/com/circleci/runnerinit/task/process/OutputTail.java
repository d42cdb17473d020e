package com.circleci.runnerinit.task.process;

import com.circleci.runnerinit.linux.NativeBlock;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Keeps the first and the last bytes of an output of any length, as Go's os/exec does for its error
 * messages, less a secret: that is taken out of the stream before it is cut, since the cut could
 * leave most of it. Safe for two threads.
 */
public final class OutputTail {
  private static final int KEPT = 160;
  private static final byte[] REDACTED = "REDACTED".getBytes(StandardCharsets.US_ASCII);

  /** What is shorter is part of many words. */
  private static final int SHORTEST_SECRET = 8;

  private final byte[] secret;

  /** For each number of bytes of the secret: how many of its last ones it begins with as well. */
  private final int[] border;

  private final byte[] head = new byte[KEPT];
  private final byte[] ring = new byte[KEPT];
  private long total;

  /** How many bytes of the secret the output ends with now; they are held back. */
  private int matched;

  public OutputTail(byte[] secret) {
    this.secret = secret.length < SHORTEST_SECRET ? new byte[0] : secret.clone();
    border = borders(this.secret);
  }

  /** The failure function of Knuth, Morris and Pratt. */
  private static int[] borders(byte[] word) {
    int[] borders = new int[word.length + 1];
    int length = 0;
    for (int i = 1; i < word.length; i++) {
      while (length > 0 && word[i] != word[length]) {
        length = borders[length];
      }
      length += word[i] == word[length] ? 1 : 0;
      borders[i + 1] = length;
    }
    return borders;
  }

  synchronized void append(NativeBlock block, int length) {
    for (int at = 0; at < length; at++) {
      byte next = block.bytes().get(at);
      while (matched > 0 && next != secret[matched]) {
        letGo();
      }
      if (secret.length > 0 && next == secret[matched]) {
        matched++;
      } else {
        keep(next);
      }
      if (matched > 0 && matched == secret.length) {
        matched = 0;
        keepRedacted();
      }
    }
  }

  /** What was held back is not the secret: the next possible beginning of it lies further on. */
  private void letGo() {
    int next = border[matched];
    if (matched >= SHORTEST_SECRET) {
      keepRedacted();
    } else {
      for (int i = 0; i < matched - next; i++) {
        keep(secret[i]);
      }
    }
    matched = next;
  }

  private void keepRedacted() {
    for (byte b : REDACTED) {
      keep(b);
    }
  }

  private void keep(byte b) {
    if (total < KEPT) {
      head[(int) total] = b;
    } else {
      ring[(int) (total % KEPT)] = b;
    }
    total++;
  }

  /** The text, with a note of how many bytes are left out of its middle. Ends the output. */
  public synchronized String text() {
    while (matched > 0) {
      letGo();
    }
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
