package com.circleci.runnerinit.testing;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A DNS server on the loopback, over UDP and TCP, that can misbehave; what it hasn't, isn't. */
public final class NameServer implements AutoCloseable {
  private static final int A = 1;
  private static final int AAAA = 28;

  private final DatagramSocket udp;
  private final ServerSocket tcp;
  private final Map<String, Behaviour> behaviours = new ConcurrentHashMap<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();

  /** What is said of a name. */
  public enum Behaviour {
    /** Its addresses are 127.0.0.1 and ::1. */
    ANSWERED,
    /** The same, by way of another name. */
    ALIAS,
    /** The same, but a datagram has no room for it. */
    TRUNCATED,
    NO_RECORDS,
    NAME_ERROR,
    SERVER_FAILURE,
    REFUSED,
    NOT_IMPLEMENTED,
    FORMAT_ERROR,
    LAME,
    /** The records break off. */
    MALFORMED,
    /** An answer to a question that nobody asked, and no other. */
    OTHER_QUESTION,
    OTHER_ID,
    /** A datagram from a socket that nobody asked. */
    OTHER_SOURCE,
    SILENT
  }

  private NameServer(String address, int port) throws IOException {
    InetAddress host = InetAddress.ofLiteral(address);
    tcp = new ServerSocket(port, 50, host);
    try {
      udp = new DatagramSocket(tcp.getLocalPort(), host);
    } catch (IOException e) {
      tcp.close();
      throw e;
    }
    Thread.ofPlatform().daemon().start(this::serveUdp);
    Thread.ofPlatform().daemon().start(this::serveTcp);
  }

  /**
   * Starts one.
   *
   * @param port 0 for any
   */
  public static NameServer start(String address, int port) throws IOException {
    for (int i = 0; port == 0 && i < 100; i++) {
      try {
        return new NameServer(address, 0);
      } catch (BindException e) {
        // What TCP was given, somebody else has for UDP.
      }
    }
    return new NameServer(address, port);
  }

  public int port() {
    return tcp.getLocalPort();
  }

  /** Knows a name in both families. */
  public NameServer knows(String name) {
    return says(name, Behaviour.ANSWERED, Behaviour.ANSWERED);
  }

  public NameServer says(String name, Behaviour ofIpv4, Behaviour ofIpv6) {
    behaviours.put(name + " A", ofIpv4);
    behaviours.put(name + " AAAA", ofIpv6);
    return this;
  }

  /** Says so of all names that it was told nothing about. */
  public NameServer otherwise(Behaviour behaviour) {
    return says("*", behaviour, behaviour);
  }

  /** The questions in their order, such as {@code udp api.test AAAA}. */
  public List<String> asked() {
    return asked;
  }

  private void serveUdp() {
    byte[] buffer = new byte[4096];
    while (true) {
      try (DatagramSocket stranger = new DatagramSocket()) {
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        udp.receive(packet);
        byte[] query = Arrays.copyOf(buffer, packet.getLength());
        Optional<byte[]> reply = reply("udp", query);
        if (reply.isPresent()) {
          boolean isStrange = behaviour(key(query)) == Behaviour.OTHER_SOURCE;
          (isStrange ? stranger : udp)
              .send(new DatagramPacket(reply.get(), reply.get().length, packet.getSocketAddress()));
        }
      } catch (IOException e) {
        if (udp.isClosed()) {
          return;
        }
      }
    }
  }

  private void serveTcp() {
    while (true) {
      try {
        Socket client = tcp.accept();
        Thread.ofVirtual().start(() -> serve(client));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      DataInputStream in = new DataInputStream(client.getInputStream());
      DataOutputStream out = new DataOutputStream(client.getOutputStream());
      byte[] query = new byte[in.readUnsignedShort()];
      in.readFully(query);
      Optional<byte[]> reply = reply("tcp", query);
      if (reply.isPresent()) {
        out.writeShort(reply.get().length);
        out.write(reply.get());
      }
      while (in.read() >= 0) {
        // Silence lasts until the client goes.
      }
    } catch (IOException e) {
      // The client is gone.
    }
  }

  /** Where the name of the question ends. */
  private static int end(byte[] query) {
    int at = 12;
    while (query[at] != 0) {
      at += query[at] + 1;
    }
    return at;
  }

  private static String key(byte[] query) {
    StringBuilder name = new StringBuilder();
    for (int at = 12; query[at] != 0; at += query[at] + 1) {
      name.append(name.isEmpty() ? "" : ".")
          .append(new String(query, at + 1, query[at], StandardCharsets.US_ASCII));
    }
    String type = query[end(query) + 2] == A ? " A" : " AAAA";
    return name.toString().toLowerCase(Locale.ROOT) + type;
  }

  private Behaviour behaviour(String key) {
    String any = "*" + key.substring(key.lastIndexOf(' '));
    return behaviours.getOrDefault(key, behaviours.getOrDefault(any, Behaviour.NAME_ERROR));
  }

  private Optional<byte[]> reply(String transport, byte[] query) {
    int end = end(query);
    String key = key(query);
    asked.add(transport + " " + key);
    byte[] question = Arrays.copyOfRange(query, 12, end + 5);
    return reply(behaviour(key), transport, query, question, query[end + 2]);
  }

  private static Optional<byte[]> reply(
      Behaviour behaviour, String transport, byte[] query, byte[] question, int type) {
    ByteArrayOutputStream answers = new ByteArrayOutputStream();
    byte[] address = new byte[type == AAAA ? 16 : 4];
    address[0] = (byte) (type == AAAA ? 0 : 127);
    address[address.length - 1] = 1;
    int count = 0;
    int flags = 0x8180;
    switch (behaviour) {
      case SILENT -> {
        return Optional.empty();
      }
      case ANSWERED, OTHER_ID, OTHER_QUESTION, OTHER_SOURCE -> {
        record(answers, 12, type, address);
        count = 1;
      }
      case ALIAS -> {
        record(answers, 12, 5, new byte[] {1, 'x', 0});
        answers.writeBytes(new byte[] {1, 'x', 0, 0, (byte) type, 0, 1, 0, 0, 0, 60});
        answers.writeBytes(new byte[] {0, (byte) address.length});
        answers.writeBytes(address);
        count = 2;
      }
      case TRUNCATED -> {
        if (transport.equals("tcp")) {
          record(answers, 12, type, address);
          count = 1;
        } else {
          flags |= 0x0200;
        }
      }
      case MALFORMED -> {
        answers.writeBytes(new byte[] {(byte) 0xc0, 12, 0, (byte) type, 0});
        count = 1;
      }
      case NO_RECORDS -> {}
      case LAME -> flags = 0x8000;
      case FORMAT_ERROR -> flags |= 1;
      case SERVER_FAILURE -> flags |= 2;
      case NAME_ERROR -> flags |= 3;
      case NOT_IMPLEMENTED -> flags |= 4;
      case REFUSED -> flags |= 5;
    }
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    message.write(query[0]);
    message.write(behaviour == Behaviour.OTHER_ID ? query[1] ^ 1 : query[1]);
    message.writeBytes(new byte[] {(byte) (flags >> 8), (byte) flags, 0, 1, 0, (byte) count});
    message.writeBytes(new byte[4]);
    if (behaviour == Behaviour.OTHER_QUESTION) {
      question[1] ^= 1;
    }
    message.writeBytes(question);
    message.writeBytes(answers.toByteArray());
    return Optional.of(message.toByteArray());
  }

  /** A record whose name is at an offset of the message. */
  private static void record(ByteArrayOutputStream to, int name, int type, byte[] data) {
    to.writeBytes(new byte[] {(byte) 0xc0, (byte) name, 0, (byte) type, 0, 1, 0, 0, 0, 60});
    to.writeBytes(new byte[] {0, (byte) data.length});
    to.writeBytes(data);
  }

  @Override
  public void close() throws IOException {
    udp.close();
    tcp.close();
  }
}
