package com.circleci.runnerinit.clients.net;

import com.circleci.runnerinit.clients.net.DnsMessage.Answer;
import com.circleci.runnerinit.clients.net.DnsMessage.Question;
import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds the addresses of hosts by {@code /etc/hosts} and {@code /etc/resolv.conf}, with the rules
 * of Go's resolver, whichever libc is linked in; docs/reference/name-lookup.md has them in a table.
 * It differs in being quicker: the next server is asked when one has been silent for up to a
 * second, and late answers still count.
 *
 * <p>For one thread.
 */
public final class Resolver {
  private static final int DNS_PORT = 53;
  private static final int MAX_FILE_BYTES = 1 << 20;
  private static final String NO_SUCH_HOST = "no such host";
  private static final String MISBEHAVING = "server misbehaving";
  private static final String TIMEOUT = "i/o timeout";

  /** How long a server may be silent before the next one is asked, too. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** What addresses of one family wait for those of the other. */
  private static final Duration GRACE = Duration.ofMillis(200);

  private final Kernel kernel;
  private final String root;
  private final int port;

  /** The server that answered last is asked first. */
  private int firstServer;

  public Resolver(Kernel kernel) {
    this(kernel, "", DNS_PORT);
  }

  /**
   * @param root prefix of the files
   */
  Resolver(Kernel kernel, String root, int port) {
    this.kernel = kernel;
    this.root = root;
    this.port = port;
  }

  /**
   * All addresses of a host, one at least, the likeliest to be reached first (RFC 6724).
   *
   * @param host a name, or an address literal, which is its own address
   * @throws NetworkException as in {@code lookup NAME on SERVER: no such host}
   */
  public List<InetAddress> lookup(String host, Deadline deadline) throws NetworkException {
    Optional<InetAddress> literal = IpLiteral.parse(host);
    if (literal.isPresent()) {
      return List.of(literal.get());
    }
    List<InetAddress> local = HostsFile.lookup(read("/etc/hosts"), host, this::addressOrNull);
    if (!local.isEmpty()) {
      return AddressOrder.sorted(kernel, local);
    }
    ResolverConfig config = ResolverConfig.parse(read("/etc/resolv.conf"), hostName());
    List<String> names = config.candidates(host);
    if (config.rotate()) {
      firstServer++;
    }
    @Nullable String failure = null;
    for (int i = 0; i < names.size(); i++) {
      Duration share = deadline.left().dividedBy(names.size() - i);
      boolean last = i == names.size() - 1;
      try (Inquiry inquiry = new Inquiry(config, names.get(i))) {
        inquiry.run(last ? deadline : deadline.orEarlier(Deadline.in(share)), share);
        if (!inquiry.addresses.isEmpty()) {
          return AddressOrder.sorted(kernel, inquiry.addresses);
        }
        @Nullable String reason = inquiry.failure;
        // That one of the names is not there says less than what else went wrong.
        if (failure == null || (reason != null && !reason.endsWith(NO_SUCH_HOST))) {
          failure = reason;
        }
      }
      if (deadline.isOver()) {
        throw NetworkException.timeout("lookup " + host + server(failure));
      }
    }
    throw new NetworkException(
        "lookup " + host + (failure == null ? ": " + NO_SUCH_HOST : failure));
  }

  /** Of {@code " on SERVER: REASON"}, all but the reason. */
  private static String server(@Nullable String failure) {
    return failure == null ? "" : failure.substring(0, failure.lastIndexOf(": "));
  }

  private String hostName() {
    try {
      return kernel.processes().hostName();
    } catch (KernelException e) {
      return "";
    }
  }

  private String read(String path) {
    try {
      return new String(
          kernel.files().read(root + path, MAX_FILE_BYTES), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  /** An address with or without a zone: the name of an interface, or its number. */
  private @Nullable InetAddress addressOrNull(String text) {
    int percent = text.indexOf('%');
    Optional<InetAddress> address =
        IpLiteral.parse(percent < 0 ? text : text.substring(0, percent));
    if (percent < 0 || !(address.orElse(null) instanceof Inet6Address v6)) {
      return percent < 0 ? address.orElse(null) : null;
    }
    String zone = text.substring(percent + 1);
    try {
      boolean number = zone.length() < 9 && zone.chars().allMatch(Character::isDigit);
      int scope = number ? Integer.parseInt("0" + zone) : kernel.sockets().interfaceIndex(zone);
      return Inet6Address.getByAddress(null, v6.getAddress(), scope);
    } catch (IOException e) {
      return null;
    }
  }

  /** What one server was asked, over UDP. */
  private record Sent(Question question, Server server, int turn, int socket) {}

  private record Server(int number, InetSocketAddress address) {}

  /** The search for the addresses of one full name: of each family for itself. */
  private final class Inquiry implements AutoCloseable {
    private final ResolverConfig config;
    private final String name;
    private final List<Question> open = new ArrayList<>();
    private final List<Sent> unanswered = new ArrayList<>();
    private final List<InetAddress> addresses = new ArrayList<>();
    private final NativeBlock block = kernel.memory().allocate(DnsMessage.MAX_DATAGRAM);
    private @Nullable String failure;
    private Deadline end = Deadline.in(Duration.ZERO);

    Inquiry(ResolverConfig config, String name) {
      this.config = config;
      this.name = name;
    }

    void run(Deadline deadline, Duration share) throws NetworkException {
      end = deadline;
      open.add(new Question(id(), name, DnsMessage.A));
      open.add(new Question(id(), name, DnsMessage.AAAA));
      int servers = config.servers().size();
      int turns = config.attempts() * servers;
      Duration patience = min(min(config.timeout(), PATIENCE), share.dividedBy(turns));
      int first = firstServer;
      for (int turn = 0; turn < turns && !open.isEmpty() && !end.isOver(); turn++) {
        int number = Math.floorMod(first + turn, servers);
        boolean last = turn == turns - 1;
        Duration time = last ? min(config.timeout(), end.left()) : patience;
        @Nullable InetAddress host = addressOrNull(config.servers().get(number));
        if (host != null) {
          Server server = new Server(number, new InetSocketAddress(host, port));
          ask(server, turn, end.orEarlier(Deadline.in(time)), last);
        }
      }
    }

    private void ask(Server server, int turn, Deadline until, boolean last) {
      for (Question question : List.copyOf(open)) {
        if (config.overTcp()) {
          askOverTcp(question, server, until);
        } else {
          send(question, server, turn);
        }
      }
      while (unanswered.stream().anyMatch(sent -> isWaitedFor(sent, turn, last))) {
        List<Interest> interests = new ArrayList<>();
        unanswered.forEach(sent -> interests.add(Interest.inReading(sent.socket())));
        List<Sent> asked = List.copyOf(unanswered);
        Deadline wait = until.orEarlier(end);
        boolean[] ready = kernel.descriptors().await(interests, Optional.of(wait.left()));
        for (int i = 0; i < ready.length; i++) {
          if (ready[i]) {
            receive(asked.get(i), wait);
          }
        }
        if (wait.isOver()) {
          fail(server, TIMEOUT);
          return;
        }
      }
    }

    /** A turn is over when everything that it asked is answered; the last one waits for all. */
    private boolean isWaitedFor(Sent sent, int turn, boolean last) {
      return open.contains(sent.question()) && (last || sent.turn() == turn);
    }

    /** Each from a socket of its own: some firewalls lose one of two questions from the same. */
    private void send(Question question, Server server, int turn) {
      byte[] bytes = question.encode(config.trustAd());
      block.bytes().put(0, bytes);
      try {
        int socket = Connection.connect(kernel, true, server.address());
        unanswered.add(new Sent(question, server, turn, socket));
        kernel.descriptors().write(socket, block, 0, bytes.length);
      } catch (KernelException e) {
        fail(server, "dial udp " + IpLiteral.write(server.address()) + ": " + e.description());
      }
    }

    /** The socket is connected, so nobody but the server gets an answer in. */
    private void receive(Sent sent, Deadline until) {
      @Nullable Answer answer = null;
      try {
        int length = kernel.descriptors().read(sent.socket(), block, block.size());
        answer = DnsMessage.decode(block.copy(0, length), sent.question());
        if (answer == null) {
          return;
        }
      } catch (KernelException e) {
        fail(sent.server(), "read udp: " + e.reason());
      } catch (IllegalArgumentException e) {
        fail(sent.server(), "cannot unmarshal DNS message");
      }
      unanswered.remove(sent);
      kernel.descriptors().close(sent.socket());
      if (answer != null && answer.truncated()) {
        askOverTcp(sent.question(), sent.server(), until);
      } else if (answer != null) {
        take(answer, sent.question(), sent.server());
      }
    }

    private void askOverTcp(Question question, Server server, Deadline until) {
      // The other family's question has its share of the time, too.
      Deadline share = Deadline.in(until.left().dividedBy(Math.max(1, open.size())));
      try (Connection connection = Connection.open(kernel, List.of(server.address()), share)) {
        byte[] query = question.encode(config.trustAd());
        ByteBuffer message = ByteBuffer.allocate(Short.BYTES + query.length);
        message.putShort((short) query.length).put(query);
        connection.getOutputStream().write(message.array());
        DataInputStream in = new DataInputStream(connection.getInputStream());
        byte[] received = new byte[in.readUnsignedShort()];
        in.readFully(received);
        @Nullable Answer answer = DnsMessage.decode(received, question);
        if (answer == null) {
          fail(server, "invalid DNS response");
        } else {
          take(answer, question, server);
        }
      } catch (IllegalArgumentException e) {
        fail(server, "cannot unmarshal DNS message");
      } catch (NetworkException e) {
        fail(server, e.isTimeout() ? TIMEOUT : e.reason());
      } catch (IOException e) {
        fail(server, "EOF");
      }
    }

    private void take(Answer answer, Question question, Server server) {
      if (answer.code() == DnsMessage.NO_ERROR && !answer.addresses().isEmpty()) {
        if (open.remove(question)) {
          firstServer = server.number();
          answer.addresses().forEach(address -> addresses.add(address(address)));
          end = end.orEarlier(Deadline.in(GRACE));
        }
      } else if (answer.lame()) {
        fail(server, "lame referral");
      } else if (answer.code() == DnsMessage.NO_ERROR || answer.code() == DnsMessage.NAME_ERROR) {
        open.remove(question);
        firstServer = server.number();
        fail(server, NO_SUCH_HOST);
      } else {
        fail(server, MISBEHAVING);
      }
    }

    private void fail(Server server, String reason) {
      failure = " on " + IpLiteral.write(server.address()) + ": " + reason;
    }

    private int id() throws NetworkException {
      try {
        byte[] random = kernel.memory().random(Short.BYTES);
        return Short.toUnsignedInt(ByteBuffer.wrap(random).getShort());
      } catch (KernelException e) {
        throw new NetworkException("lookup " + name + ": " + e.getMessage());
      }
    }

    @Override
    public void close() {
      unanswered.forEach(sent -> kernel.descriptors().close(sent.socket()));
      kernel.memory().release(block);
    }
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
