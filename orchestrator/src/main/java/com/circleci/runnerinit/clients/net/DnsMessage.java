package com.circleci.runnerinit.clients.net;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** DNS on the wire (RFC 1035 §4, RFC 6891): a question for addresses, and what answers it. */
final class DnsMessage {
  static final int A = 1;
  static final int AAAA = 28;

  /** What a datagram may hold without being cut on its way; what servers are told, as Go does. */
  static final short MAX_DATAGRAM = 1232;

  private static final int HEADER_BYTES = 12;
  private static final short OPT = 41;
  private static final int OPT_BYTES = 11;
  private static final short INTERNET = 1;

  private static final int RESPONSE = 0x8000;
  private static final int TRUNCATED = 0x0200;
  private static final short RECURSION_DESIRED = 0x0100;
  private static final int AUTHORITATIVE_OR_RECURSIVE = 0x0480;
  private static final int CODE = 0x000f;
  private static final int NAME_ERROR = 3;
  private static final int POINTER = 0xc0;

  private DnsMessage() {}

  /** What was asked: a rooted name, and {@link #A} or {@link #AAAA} as type. */
  record Question(int id, String name, int type) {
    byte[] encode() {
      ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + name.length() + 5 + OPT_BYTES);
      bytes.putShort((short) id).putShort(RECURSION_DESIRED);
      bytes.putShort((short) 1).putInt(0).putShort((short) 1);
      // The last label is the root's, which is empty.
      for (String label : name.split("\\.", -1)) {
        bytes.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
      }
      bytes.putShort((short) type).putShort(INTERNET);
      // All else of the record is zero.
      bytes.put((byte) 0).putShort(OPT).putShort(MAX_DATAGRAM);
      return bytes.array();
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
    int end = query.length - OPT_BYTES;
    if (message.length < end || !question(message, end).equalsIgnoreCase(question(query, end))) {
      return Optional.empty();
    }
    ByteBuffer bytes = ByteBuffer.wrap(message);
    int id = number(bytes);
    int flags = number(bytes);
    int questions = number(bytes);
    int[] counts = {number(bytes), number(bytes), number(bytes)};
    if (id != question.id() || (flags & RESPONSE) == 0 || questions != 1) {
      return Optional.empty();
    }
    if ((flags & TRUNCATED) != 0) {
      return Optional.of(new Answer(Outcome.TRUNCATED, List.of()));
    }
    try {
      return Optional.of(records(bytes.position(end), question.type(), flags, counts));
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
