package com.circleci.runnerinit.clients.net;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringTokenizer;

/** DNS on the wire (RFC 1035 §4, RFC 6891): a question for addresses, and what answers it. */
final class DnsMessage {
  static final int A = 1;
  static final int AAAA = 28;

  /** What a datagram may hold without being cut on its way; what servers are told, as Go does. */
  static final int MAX_DATAGRAM = 1232;

  private static final int HEADER_BYTES = 12;
  private static final int OPT = 41;
  private static final int OPT_BYTES = 11;
  private static final int INTERNET = 1;

  private static final int RESPONSE = 0x8000;
  private static final int TRUNCATED = 0x0200;
  private static final int RECURSION_DESIRED = 0x0100;
  private static final int AUTHORITATIVE_OR_RECURSIVE = 0x0480;
  private static final int CODE = 0x000f;
  private static final int NAME_ERROR = 3;
  private static final int POINTER = 0xc0;

  private DnsMessage() {}

  /** What was asked: a rooted name, and {@link #A} or {@link #AAAA} as type. */
  record Question(int id, String name, int type) {
    byte[] encode() {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
      write(bytes, id, RECURSION_DESIRED, 1, 0, 0, 1);
      StringTokenizer labels = new StringTokenizer(name, ".");
      while (labels.hasMoreTokens()) {
        byte[] label = labels.nextToken().getBytes(StandardCharsets.US_ASCII);
        bytes.write(label.length);
        bytes.writeBytes(label);
      }
      bytes.write(0);
      write(bytes, type, INTERNET);
      bytes.write(0);
      write(bytes, OPT, MAX_DATAGRAM, 0, 0, 0);
      return bytes.toByteArray();
    }

    private static void write(ByteArrayOutputStream bytes, int... numbers) {
      for (int number : numbers) {
        bytes.write(number >> Byte.SIZE);
        bytes.write(number);
      }
    }
  }

  /** What a server makes of a question, in Go's words. */
  enum Outcome {
    FOUND("found"),
    NOT_FOUND("no such host"),
    TRUNCATED("truncated answer"),
    /** The server neither knows the name nor asks others (golang.org/issue/15434). */
    LAME("lame referral"),
    FAILED("server misbehaving"),
    MALFORMED("cannot unmarshal DNS message");

    final String reason;

    Outcome(String reason) {
      this.reason = reason;
    }
  }

  /** What was answered, with the addresses of the type that was asked for if they were FOUND. */
  record Answer(Outcome outcome, List<InetAddress> addresses) {}

  /** Reads a message; nothing if it is no answer to the question, whoever may have sent it. */
  static Optional<Answer> decode(byte[] message, Question question) {
    byte[] query = question.encode();
    int questionEnd = query.length - OPT_BYTES;
    if (message.length < questionEnd
        || !question(message, questionEnd).equalsIgnoreCase(question(query, questionEnd))) {
      return Optional.empty();
    }
    ByteBuffer bytes = ByteBuffer.wrap(message);
    int id = number(bytes);
    int flags = number(bytes);
    boolean hasOneQuestion = number(bytes) == 1;
    int[] counts = {number(bytes), number(bytes), number(bytes)};
    if (id != question.id() || (flags & RESPONSE) == 0 || !hasOneQuestion) {
      return Optional.empty();
    }
    if ((flags & TRUNCATED) != 0) {
      return Optional.of(new Answer(Outcome.TRUNCATED, List.of()));
    }
    try {
      return Optional.of(records(bytes.position(questionEnd), question.type(), flags, counts));
    } catch (BufferUnderflowException | IllegalArgumentException | UnknownHostException e) {
      return Optional.of(new Answer(Outcome.MALFORMED, List.of()));
    }
  }

  private static String question(byte[] message, int end) {
    return new String(message, HEADER_BYTES, end - HEADER_BYTES, StandardCharsets.ISO_8859_1);
  }

  private static Answer records(ByteBuffer bytes, int wanted, int flags, int[] counts)
      throws UnknownHostException {
    List<InetAddress> addresses = new ArrayList<>();
    int code = flags & CODE;
    for (int section = 0; section < counts.length; section++) {
      for (int i = 0; i < counts[section]; i++) {
        skipName(bytes);
        int type = number(bytes);
        int ofClass = number(bytes);
        int extension = number(bytes);
        number(bytes);
        byte[] data = new byte[number(bytes)];
        bytes.get(data);
        if (section == 0 && type == wanted && ofClass == INTERNET) {
          if (data.length != (type == A ? 4 : 16)) {
            throw new UnknownHostException();
          }
          addresses.add(InetAddress.getByAddress(data));
        } else if (section == 2 && type == OPT) {
          code |= extension >> Byte.SIZE << 4;
        }
      }
    }
    if (code != 0 && code != NAME_ERROR) {
      return new Answer(Outcome.FAILED, List.of());
    }
    if (code == 0 && !addresses.isEmpty()) {
      return new Answer(Outcome.FOUND, addresses);
    }
    boolean refers = code == 0 && (flags & AUTHORITATIVE_OR_RECURSIVE) == 0;
    boolean lame = refers && counts[0] == 0 && counts[2] == 0;
    return new Answer(lame ? Outcome.LAME : Outcome.NOT_FOUND, List.of());
  }

  private static int number(ByteBuffer bytes) {
    return Short.toUnsignedInt(bytes.getShort());
  }

  private static void skipName(ByteBuffer bytes) {
    int length;
    while ((length = bytes.get() & 0xff) != 0) {
      if ((length & POINTER) == POINTER) {
        bytes.get();
        return;
      }
      if ((length & POINTER) != 0) {
        throw new IllegalArgumentException("a malformed name");
      }
      bytes.position(bytes.position() + length);
    }
  }
}
