package com.circleci.runnerinit.health;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.health.Responder.Reply;
import com.circleci.runnerinit.linux.Interest;
import java.io.IOException;
import java.nio.ByteBuffer;
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

  private final ClientSocket socket;
  private final Responder responder;
  private final RequestBuffer requests = new RequestBuffer();

  private Stage stage = Stage.RECEIVING;
  private long since;
  private ByteBuffer answer = NOTHING;
  private boolean lastAnswer;
  private boolean inputEnded;
  private boolean waitsToWrite;

  Connection(ClientSocket socket, Responder responder, long now) {
    this.socket = requireNonNull(socket, "socket is null");
    this.responder = requireNonNull(responder, "responder is null");
    this.since = now;
  }

  /** What it waits for. */
  Interest interest() {
    return new Interest(socket.descriptor(), waitsToWrite);
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
      waitsToWrite = false;
      return !inputEnded;
    }
    socket.write(answer);
    if (!answer.hasRemaining()) {
      answered(now);
    }
    waitsToWrite = hasMoreToDo();
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
    socket.close();
  }

  /** Whether there is something to answer now. */
  private boolean receive(long now) throws IOException {
    if (takeRequest(now)) {
      return true;
    }
    int count = requests.fill(socket);
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
      socket.endOutput();
      stage = Stage.LINGERING;
    } else {
      stage = Stage.RECEIVING;
    }
  }

  /** What is in the buffer announces itself no more; that the socket can be written to does. */
  private boolean hasMoreToDo() {
    return stage == Stage.ANSWERING || (stage == Stage.RECEIVING && !requests.isEmpty());
  }

  private boolean discard() throws IOException {
    return socket.read(ByteBuffer.allocate(DISCARDED_A_TURN)) >= 0;
  }
}
