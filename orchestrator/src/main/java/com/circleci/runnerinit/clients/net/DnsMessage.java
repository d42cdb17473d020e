package com.circleci.runnerinit.clients.net;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringTokenizer;
import org.jspecify.annotations.Nullable;

/** DNS on the wire (RFC 1035 §4, RFC 6891): a question for addresses, and what answers it. */
final class DnsMessage {
  static final int A = 1;
  static final int AAAA = 28;

  static final int NO_ERROR = 0;
  static final int SERVER_FAILURE = 2;
  static final int NAME_ERROR = 3;

  /** What a datagram may hold without being cut on its way; what servers are told, as Go does. */
  static final int MAX_DATAGRAM = 1232;

  private static final int INTERNET = 1;
  private static final int OPT = 41;
  private static final int RESPONSE = 0x8000;
  private static final int AUTHORITATIVE = 0x0400;
  private static final int TRUNCATED = 0x0200;
  private static final int RECURSION_DESIRED = 0x0100;
  private static final int RECURSION_AVAILABLE = 0x0080;
  private static final int AUTHENTIC_DATA = 0x0020;
  private static final int CODE = 0x000f;
  private static final int POINTER = 0xc0;

  private DnsMessage() {}

  /**
   * What was asked.
   *
   * @param name rooted
   * @param type {@link #A} or {@link #AAAA}
   */
  record Question(int id, String name, int type) {
    byte[] encode(boolean trustAd) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(64);
      int flags = RECURSION_DESIRED | (trustAd ? AUTHENTIC_DATA : 0);
      write(bytes, id, flags, 1, 0, 0, 1);
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

  /**
   * What was answered.
   *
   * @param truncated whether the rest has to be asked for over TCP; nothing else is known then
   * @param lame whether the server neither knows the name nor asks others
   * @param addresses those of the type that was asked for, of four bytes or 16
   */
  record Answer(int code, boolean truncated, boolean lame, List<byte[]> addresses) {}

  /**
   * Reads a message; null if it is not an answer to the question, whoever may have sent it.
   *
   * @throws IllegalArgumentException if it is one, and malformed
   */
  static @Nullable Answer decode(byte[] message, Question question) {
    ByteBuffer bytes = ByteBuffer.wrap(message);
    int flags;
    int[] counts = new int[3];
    try {
      int id = number(bytes);
      flags = number(bytes);
      int questions = number(bytes);
      for (int i = 0; i < counts.length; i++) {
        counts[i] = number(bytes);
      }
      boolean matches =
          id == question.id()
              && (flags & RESPONSE) != 0
              && questions == 1
              && name(bytes).equals(question.name().toLowerCase(Locale.ROOT))
              && number(bytes) == question.type()
              && number(bytes) == INTERNET;
      if (!matches) {
        return null;
      }
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return null;
    }
    if ((flags & TRUNCATED) != 0) {
      return new Answer(flags & CODE, true, false, List.of());
    }
    try {
      return records(bytes, question, flags, counts);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static Answer records(ByteBuffer bytes, Question question, int flags, int[] counts) {
    List<byte[]> addresses = new ArrayList<>();
    int code = flags & CODE;
    int addressBytes = question.type() == A ? 4 : 16;
    for (int section = 0; section < counts.length; section++) {
      for (int i = 0; i < counts[section]; i++) {
        skipName(bytes);
        int type = number(bytes);
        int ofClass = number(bytes);
        int extension = number(bytes);
        number(bytes);
        byte[] data = new byte[number(bytes)];
        bytes.get(data);
        if (section == 0 && type == question.type() && ofClass == INTERNET) {
          if (data.length != addressBytes) {
            throw new IllegalArgumentException("an address of " + data.length + " bytes");
          }
          addresses.add(data);
        } else if (section == 2 && type == OPT) {
          code |= extension >> Byte.SIZE << 4;
        }
      }
    }
    // An answer that refers to others, of a server that was not to be one (golang.org/issue/15434).
    boolean lame =
        code == NO_ERROR
            && (flags & (AUTHORITATIVE | RECURSION_AVAILABLE)) == 0
            && counts[0] == 0
            && counts[2] == 0;
    return new Answer(code, false, lame, addresses);
  }

  private static int number(ByteBuffer bytes) {
    return Short.toUnsignedInt(bytes.getShort());
  }

  /** The question's name, which is never compressed, in lower case. */
  private static String name(ByteBuffer bytes) {
    StringBuilder name = new StringBuilder();
    int length;
    while ((length = bytes.get()) != 0) {
      if ((length & POINTER) != 0) {
        throw new IllegalArgumentException("a pointer in the question");
      }
      for (int i = 0; i < length; i++) {
        name.append((char) (bytes.get() & 0xff));
      }
      name.append('.');
    }
    return name.isEmpty() ? "." : name.toString().toLowerCase(Locale.ROOT);
  }

  private static void skipName(ByteBuffer bytes) {
    int length;
    while ((length = bytes.get() & 0xff) != 0) {
      if ((length & POINTER) == POINTER) {
        bytes.get();
        return;
      }
      if ((length & POINTER) != 0 || length > bytes.remaining()) {
        throw new IllegalArgumentException("a malformed name");
      }
      bytes.position(bytes.position() + length);
    }
  }
}
