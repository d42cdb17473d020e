package com.circleci.runnerinit.health;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.health.Responder.Reply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import org.apache.hc.core5.http.HttpStatus;

/** One client: requests in, answers out, in order and one at a time, never waiting. */
final class Connection {
  enum Stage {
    RECEIVING,
    ANSWERING,
    /** Has had its last answer, and may read it before the connection is closed. */
    LINGERING
  }

  private static final int DISCARDED_A_TURN = 4096;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final SocketChannel channel;
  private final SelectionKey key;
  private final Responder responder;
  private final RequestBuffer requests = new RequestBuffer();

  private Stage stage = Stage.RECEIVING;
  private long since;
  private ByteBuffer answer = NOTHING;
  private boolean lastAnswer;
  private boolean inputEnded;

  Connection(SocketChannel channel, SelectionKey key, Responder responder, long now) {
    this.channel = requireNonNull(channel, "channel is null");
    this.key = requireNonNull(key, "key is null");
    this.responder = requireNonNull(responder, "responder is null");
    this.since = now;
  }

  Stage stage() {
    return stage;
  }

  /** When the present stage began; in nanoseconds of the server's clock. */
  long since() {
    return since;
  }

  /**
   * Does what can be done without waiting, and no more than one read and one answer, so that nobody
   * who sends much holds up the others.
   *
   * @return whether the connection goes on
   * @throws IOException when the client is gone
   */
  boolean advance(long now) throws IOException {
    if (stage == Stage.LINGERING) {
      return discard();
    }
    if (stage == Stage.RECEIVING && !receive(now)) {
      key.interestOps(SelectionKey.OP_READ);
      return !inputEnded;
    }
    channel.write(answer);
    if (!answer.hasRemaining()) {
      answered(now);
    }
    key.interestOps(interest());
    return true;
  }

  /**
   * Acts on a stage that has taken too long.
   *
   * @return whether the connection goes on, with an answer that says why
   */
  boolean expire(long now) throws IOException {
    if (stage != Stage.RECEIVING || requests.isEmpty()) {
      return false;
    }
    answer(responder.refuse(HttpStatus.SC_REQUEST_TIMEOUT), now);
    return advance(now);
  }

  void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The descriptor is freed all the same, see close(2).
    }
  }

  /** Whether there is something to answer now. */
  private boolean receive(long now) throws IOException {
    if (takeRequest(now)) {
      return true;
    }
    int count = requests.fill(channel);
    inputEnded = count < 0;
    return count > 0 && takeRequest(now);
  }

  private boolean takeRequest(long now) {
    Optional<byte[]> head = requests.takeHead();
    if (head.isPresent()) {
      answer(responder.reply(head.get()), now);
    } else if (requests.isHopeless()) {
      answer(responder.refuse(HttpStatus.SC_BAD_REQUEST), now);
    } else if (requests.isFull()) {
      answer(responder.refuse(HttpStatus.SC_REQUEST_HEADER_FIELDS_TOO_LARGE), now);
    }
    return stage == Stage.ANSWERING;
  }

  private void answer(Reply reply, long now) {
    answer = reply.bytes();
    lastAnswer = reply.last();
    stage = Stage.ANSWERING;
    since = now;
  }

  private void answered(long now) throws IOException {
    answer = NOTHING;
    since = now;
    if (lastAnswer) {
      // A close with input unread would reset the connection and might take the answer with it.
      channel.shutdownOutput();
      stage = Stage.LINGERING;
    } else {
      stage = Stage.RECEIVING;
    }
  }

  private int interest() {
    boolean more = stage == Stage.ANSWERING || (stage == Stage.RECEIVING && !requests.isEmpty());
    // What is in the buffer announces itself no more; that the socket can be written to does.
    return more ? SelectionKey.OP_WRITE : SelectionKey.OP_READ;
  }

  private boolean discard() throws IOException {
    return channel.read(ByteBuffer.allocate(DISCARDED_A_TURN)) >= 0;
  }
}
