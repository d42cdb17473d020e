package com.circleci.runnerinit.health;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.hc.core5.http.HttpStatus;

/**
 * One client: a request in, an answer out, never waiting. By the kernel's own calls and not the
 * JDK's channels, since these take a quarter of the time until a task starts to get ready:
 * docs/decisions/0016-diet.md.
 */
final class Connection {
  /** The longest head that is read, in bytes. */
  static final int HEAD_LIMIT = 8192;

  enum Stage {
    RECEIVING,
    ANSWERING,
    /** Has had its answer, and may read it before the connection is closed. */
    LINGERING
  }

  private static final int FIRST_SIZE = 512;
  private static final byte[] NOTHING = {};

  private final Kernel kernel;
  private final int socket;
  private final NativeBlock block;
  private final Answers answers;
  private Stage stage = Stage.RECEIVING;
  private long since;
  private byte[] head = NOTHING;
  private int received;
  private ByteBuffer answer = ByteBuffer.wrap(NOTHING);

  /**
   * Takes over a descriptor.
   *
   * @param block by which bytes are exchanged with the kernel; all clients of a thread share it
   */
  Connection(Kernel kernel, int socket, NativeBlock block, Answers answers, long now) {
    this.kernel = kernel;
    this.socket = socket;
    this.block = block;
    this.answers = answers;
    this.since = now;
  }

  /** What it waits for. */
  Interest interest() {
    return new Interest(socket, stage == Stage.ANSWERING);
  }

  Stage stage() {
    return stage;
  }

  /** When the present stage began; in nanoseconds of the server's clock. */
  long since() {
    return since;
  }

  /**
   * Does what can be done without waiting, and no more than one read and one write, so that nobody
   * who sends much holds up the others.
   *
   * @return whether the connection goes on
   * @throws KernelException when the client is gone
   */
  boolean advance(long now) throws KernelException {
    if (stage == Stage.LINGERING) {
      return read(block.size()) >= 0;
    }
    if (stage == Stage.RECEIVING && !receive(now)) {
      return false;
    }
    if (stage == Stage.ANSWERING) {
      write(now);
    }
    return true;
  }

  /**
   * Acts on a stage that has taken too long.
   *
   * @return whether the connection goes on, with an answer that says why
   */
  boolean expire(long now) throws KernelException {
    if (stage != Stage.RECEIVING || received == 0) {
      return false;
    }
    answer(Answers.refusal(HttpStatus.SC_REQUEST_TIMEOUT), now);
    return advance(now);
  }

  void close() {
    kernel.descriptors().close(socket);
  }

  /** Whether the client has not ended its side with half a head. */
  private boolean receive(long now) throws KernelException {
    int count = read(HEAD_LIMIT - received);
    if (count <= 0) {
      return count == 0;
    }
    if (received + count > head.length) {
      int size = Math.clamp(2L * (received + count), FIRST_SIZE, HEAD_LIMIT);
      head = Arrays.copyOf(head, size);
    }
    block.bytes().get(0, head, received, count);
    received += count;
    int begin = skipBlankLines();
    int end = endOfHead(begin);
    if (end > 0) {
      answer(answers.to(Arrays.copyOfRange(head, begin, end)), now);
    } else if (begin < received && !isLetter(head[begin])) {
      // Such as a TLS handshake: a method begins with a letter.
      answer(Answers.refusal(HttpStatus.SC_BAD_REQUEST), now);
    } else if (received == HEAD_LIMIT) {
      answer(Answers.refusal(HttpStatus.SC_REQUEST_HEADER_FIELDS_TOO_LARGE), now);
    }
    return true;
  }

  /** RFC 9112 §2.2: empty lines before a request are ignored. */
  private int skipBlankLines() {
    int begin = 0;
    while (begin < received && (head[begin] == '\r' || head[begin] == '\n')) {
      begin++;
    }
    if (begin == received) {
      received = 0;
      return 0;
    }
    return begin;
  }

  /** Behind the first blank line, or 0. */
  private int endOfHead(int begin) {
    for (int i = begin + 1; i < received; i++) {
      boolean afterReturn = head[i - 1] == '\r' && i >= 2;
      if (head[i] == '\n' && (head[i - 1] == '\n' || (afterReturn && head[i - 2] == '\n'))) {
        return i + 1;
      }
    }
    return 0;
  }

  private static boolean isLetter(byte b) {
    return (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
  }

  private void answer(ByteBuffer bytes, long now) {
    answer = bytes;
    head = NOTHING;
    stage = Stage.ANSWERING;
    since = now;
  }

  private void write(long now) throws KernelException {
    int length = Math.min(answer.remaining(), block.size());
    block.bytes().put(0, answer, answer.position(), length);
    try {
      answer.position(answer.position() + kernel.descriptors().write(socket, block, 0, length));
    } catch (KernelException e) {
      if (e.errno() != Errno.EAGAIN) {
        throw e;
      }
    }
    if (!answer.hasRemaining()) {
      answer = ByteBuffer.wrap(NOTHING);
      stage = Stage.LINGERING;
      since = now;
      // A close with input unread would reset the connection and might take the answer with it.
      kernel.sockets().endOutput(socket);
    }
  }

  /** The count of bytes in the block; 0 if there are none yet, -1 at the end of the stream. */
  private int read(int length) throws KernelException {
    try {
      int count = kernel.descriptors().read(socket, block, Math.min(length, block.size()));
      return count == 0 ? -1 : count;
    } catch (KernelException e) {
      if (e.errno() == Errno.EAGAIN) {
        return 0;
      }
      throw e;
    }
  }
}
