package com.circleci.runnerinit.clients.net;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import com.circleci.runnerinit.clients.net.DnsMessage.Answer;
import com.circleci.runnerinit.clients.net.DnsMessage.Outcome;
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
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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
  private static final int DISCARD_PORT = 9;
  private static final int WITHOUT_ROUTE = 10;
  private static final int MAX_FILE_BYTES = 1 << 20;
  private static final String TIMEOUT = "i/o timeout";

  /** How long a server may be silent before the next one is asked, too. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  /** What addresses of one family wait for those of the other. */
  private static final Duration GRACE = Duration.ofMillis(200);

  private final Kernel kernel;
  private final NativeBlock block;
  private final String root;
  private final int port;

  /** The server that answered last is asked first. */
  private int firstServer;

  public Resolver(Kernel kernel) {
    this(kernel, "", DNS_PORT);
  }

  /** One that puts a prefix before the paths of its files. */
  Resolver(Kernel kernel, String root, int port) {
    this.kernel = kernel;
    block = kernel.memory().allocate(DnsMessage.MAX_DATAGRAM);
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
    Optional<InetAddress> literal = HostPort.address(host);
    if (literal.isPresent()) {
      return List.of(literal.get());
    }
    List<InetAddress> local = ResolverConfig.inHosts(read("/etc/hosts"), host, this::address);
    if (!local.isEmpty()) {
      return sorted(local);
    }
    String text = ownDomain() + read("/etc/resolv.conf");
    ResolverConfig config = ResolverConfig.parse(text, this::address);
    if (config.rotate()) {
      firstServer++;
    }
    List<String> names = config.candidates(host);
    @Nullable String failure = null;
    for (int i = 0; i < names.size() && !deadline.isOver(); i++) {
      Duration share = deadline.left().dividedBy(names.size() - i);
      try (Inquiry inquiry = new Inquiry(config, names.get(i), deadline.orEarlier(share))) {
        inquiry.run(share);
        if (!inquiry.addresses.isEmpty()) {
          return sorted(inquiry.addresses);
        }
        // That one of the names is not there says less than what else went wrong.
        if (failure == null || !inquiry.failure.endsWith(Outcome.NOT_FOUND.reason)) {
          failure = inquiry.failure;
        }
      }
    }
    if (failure == null) {
      failure = ": " + (deadline.isOver() ? TIMEOUT : Outcome.NOT_FOUND.reason);
    }
    throw new NetworkException("lookup " + host + failure);
  }

  /** What is searched where resolv.conf says nothing: the domain of the host name, if any. */
  private String ownDomain() {
    try {
      return "domain " + kernel.processes().hostName().replaceFirst("[^.]*\\.?", "") + '\n';
    } catch (KernelException e) {
      return "";
    }
  }

  private List<InetAddress> sorted(List<InetAddress> addresses) {
    Map<Integer, List<InetAddress>> byRank =
        addresses.stream().collect(groupingBy(this::rank, TreeMap::new, toList()));
    return byRank.values().stream().flatMap(List::stream).toList();
  }

  /** By what matters of RFC 6724: a route, of which the kernel tells unasked, and a precedence. */
  private int rank(InetAddress address) {
    boolean isUniqueLocal = (address.getAddress()[0] & 0xfe) == 0xfc;
    int precedence = address instanceof Inet6Address ? (isUniqueLocal ? 2 : 0) : 1;
    try {
      InetSocketAddress target = new InetSocketAddress(address, DISCARD_PORT);
      kernel.descriptors().close(Connection.connect(kernel, true, target));
      return precedence;
    } catch (KernelException e) {
      return WITHOUT_ROUTE + precedence;
    }
  }

  private String read(String path) {
    try {
      byte[] content = kernel.files().read(root + path, MAX_FILE_BYTES);
      return new String(content, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  /** An address with or without a zone: the name of an interface, or its number. */
  private Optional<InetAddress> address(String text) {
    String[] parts = text.split("%", 2);
    Optional<InetAddress> address = HostPort.address(parts[0]);
    if (parts.length == 1) {
      return address;
    }
    String zone = parts[1];
    try {
      boolean isNumber = zone.matches("[0-9]{1,8}");
      int scope = isNumber ? Integer.parseInt(zone) : kernel.sockets().interfaceIndex(zone);
      byte[] bytes = address.map(InetAddress::getAddress).orElse(new byte[0]);
      return Optional.of(Inet6Address.getByAddress(null, bytes, scope));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** What one server was asked, over UDP. */
  private record Sent(Question question, InetSocketAddress server, int turn, int socket) {}

  /** The search for the addresses of one full name: of each family for itself. */
  private final class Inquiry implements AutoCloseable {
    private final ResolverConfig config;
    private final String name;
    private final List<InetSocketAddress> servers = new ArrayList<>();
    private final Set<Integer> openTypes = new TreeSet<>(Set.of(DnsMessage.A, DnsMessage.AAAA));
    private final List<Sent> unanswered = new ArrayList<>();
    private final List<InetAddress> addresses = new ArrayList<>();

    /** As in {@code " on SERVER: REASON"}. */
    private String failure = "";

    private Deadline end;

    Inquiry(ResolverConfig config, String name, Deadline end) {
      this.config = config;
      this.name = name;
      this.end = end;
      config.servers().forEach(server -> servers.add(new InetSocketAddress(server, port)));
    }

    void run(Duration share) {
      int turns = config.attempts() * servers.size();
      Duration patience =
          Collections.min(List.of(config.timeout(), PATIENCE, share.dividedBy(turns)));
      int first = firstServer;
      for (int turn = 0; turn < turns && !openTypes.isEmpty() && !end.isOver(); turn++) {
        InetSocketAddress server = servers.get(Math.floorMod(first + turn, servers.size()));
        boolean last = turn == turns - 1;
        Deadline until = end.orEarlier(last ? config.timeout() : patience);
        for (int type : List.copyOf(openTypes)) {
          ask(type, server, turn, until);
        }
        await(server, turn, last, until);
      }
    }

    private void ask(int type, InetSocketAddress server, int turn, Deadline until) {
      try {
        int id = ByteBuffer.wrap(kernel.memory().random(Short.BYTES)).getShort() & 0xffff;
        Question question = new Question(id, name, type);
        if (config.overTcp()) {
          askOverTcp(question, server, until);
          return;
        }
        byte[] bytes = question.encode();
        block.bytes().put(0, bytes);
        // Each from a socket of its own: some firewalls lose one of two questions from the same.
        int socket = Connection.connect(kernel, true, server);
        unanswered.add(new Sent(question, server, turn, socket));
        kernel.descriptors().write(socket, block, 0, bytes.length);
      } catch (KernelException e) {
        fail(server, "dial udp " + HostPort.write(server) + ": " + e.getMessage());
      }
    }

    /** A turn is over when everything that it asked is answered; the last one waits for all. */
    private void await(InetSocketAddress server, int turn, boolean last, Deadline until) {
      while (unanswered.stream()
          .filter(sent -> last || sent.turn() == turn)
          .anyMatch(sent -> openTypes.contains(sent.question().type()))) {
        Deadline wait = until.orEarlier(end.left());
        List<Sent> asked = List.copyOf(unanswered);
        List<Interest> interests =
            asked.stream().map(sent -> Interest.inReading(sent.socket())).toList();
        for (int i : Connection.ready(kernel, interests, wait)) {
          receive(asked.get(i), wait);
        }
        if (wait.isOver()) {
          fail(server, TIMEOUT);
          return;
        }
      }
    }

    /** The socket is connected, so nobody but the server gets an answer in. */
    private void receive(Sent sent, Deadline until) {
      Optional<Answer> answer = Optional.empty();
      try {
        int length = kernel.descriptors().read(sent.socket(), block, block.size());
        answer = DnsMessage.decode(block.copy(0, length), sent.question());
        if (answer.isEmpty()) {
          return;
        }
      } catch (KernelException e) {
        fail(sent.server(), "read udp: " + e.reason());
      }
      unanswered.remove(sent);
      kernel.descriptors().close(sent.socket());
      if (answer.isPresent() && answer.get().outcome() == Outcome.TRUNCATED) {
        askOverTcp(sent.question(), sent.server(), until);
      } else if (answer.isPresent()) {
        take(answer.get(), sent.question(), sent.server());
      }
    }

    private void askOverTcp(Question question, InetSocketAddress server, Deadline until) {
      // The other family's question has its share of the time, too.
      Deadline share = until.orEarlier(until.left().dividedBy(Math.max(1, openTypes.size())));
      try (Connection connection = Connection.open(kernel, List.of(server), share)) {
        byte[] query = question.encode();
        ByteBuffer message = ByteBuffer.allocate(Short.BYTES + query.length);
        message.putShort((short) query.length).put(query);
        connection.getOutputStream().write(message.array());
        DataInputStream in = new DataInputStream(connection.getInputStream());
        byte[] received = new byte[in.readUnsignedShort()];
        in.readFully(received);
        DnsMessage.decode(received, question)
            .ifPresentOrElse(
                answer -> take(answer, question, server),
                () -> fail(server, "invalid DNS response"));
      } catch (NetworkException e) {
        fail(server, e.isTimeout() ? TIMEOUT : e.reason());
      } catch (IOException e) {
        fail(server, "EOF");
      }
    }

    private void take(Answer answer, Question question, InetSocketAddress server) {
      boolean found = answer.outcome() == Outcome.FOUND;
      if (found || answer.outcome() == Outcome.NOT_FOUND) {
        firstServer = servers.indexOf(server);
        boolean awaited = openTypes.remove(question.type());
        if (found && awaited) {
          addresses.addAll(answer.addresses());
          end = end.orEarlier(GRACE);
        }
      }
      if (!found) {
        fail(server, answer.outcome().reason);
      }
    }

    private void fail(InetSocketAddress server, String reason) {
      failure = " on " + HostPort.write(server) + ": " + reason;
    }

    @Override
    public void close() {
      unanswered.forEach(sent -> kernel.descriptors().close(sent.socket()));
    }
  }
}
