package com.circleci.runnerinit.clients.net;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Interest;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketImpl;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.stream.IntStream;

/**
 * A connection over TCP, whose every call returns by a deadline, on the caller's own thread. It is
 * a socket of the kernel's in the dress of the JDK's, since TLS wants one: the JDK's own neither
 * give up a write nor connect to several addresses at once without more threads, and know no IPv6
 * where there is no {@code /proc}.
 */
public final class Connection extends Socket {
  private static final String TIMEOUT = ": i/o timeout";
  private static final int BLOCK_BYTES = 16 * 1024;

  /** What an address is ahead of the next (RFC 8305): a dead one costs that, no more. */
  private static final Duration HEAD_START = Duration.ofMillis(250);

  private final Kernel kernel;
  private final int descriptor;
  private final InetSocketAddress peer;
  private final NativeBlock block;
  private Deadline deadline;
  private boolean closed;

  private Connection(Kernel kernel, int descriptor, InetSocketAddress peer, Deadline deadline)
      throws SocketException {
    super((SocketImpl) null);
    this.kernel = kernel;
    this.descriptor = descriptor;
    this.peer = peer;
    this.deadline = deadline;
    block = kernel.memory().allocate(BLOCK_BYTES);
  }

  /**
   * Connects to the first of a host's addresses that takes the connection.
   *
   * @param addresses one at least, in the order of preference
   * @param deadline for this and all that is done with the connection
   * @throws NetworkException if none takes it: the first failure
   */
  public static Connection open(Kernel kernel, List<InetSocketAddress> addresses, Deadline deadline)
      throws IOException {
    Map<Integer, InetSocketAddress> pending = new LinkedHashMap<>();
    List<NetworkException> failures = new ArrayList<>();
    Deadline nextStart = Deadline.in(Duration.ZERO);
    Queue<InetSocketAddress> untried = new ArrayDeque<>(addresses);
    try {
      while (!untried.isEmpty() || !pending.isEmpty()) {
        if (deadline.isOver()) {
          throw new NetworkException("dial tcp " + HostPort.write(addresses.getFirst()) + TIMEOUT);
        }
        if (!untried.isEmpty() && (pending.isEmpty() || nextStart.isOver())) {
          InetSocketAddress next = untried.remove();
          nextStart = Deadline.in(HEAD_START);
          try {
            pending.put(connect(kernel, false, next), next);
          } catch (KernelException e) {
            failures.add(refused(next, e.reason()));
          }
          continue;
        }
        Deadline until = untried.isEmpty() ? deadline : deadline.orEarlier(nextStart.left());
        List<Integer> sockets = List.copyOf(pending.keySet());
        for (int i : ready(kernel, sockets.stream().map(Interest::inWriting).toList(), until)) {
          int socket = sockets.get(i);
          InetSocketAddress address = requireNonNull(pending.remove(socket));
          int error = kernel.sockets().connectionError(socket);
          if (error == 0) {
            return new Connection(kernel, socket, address, deadline);
          }
          kernel.descriptors().close(socket);
          failures.add(refused(address, Errno.describe(error)));
        }
      }
      throw failures.getFirst();
    } finally {
      pending.keySet().forEach(kernel.descriptors()::close);
    }
  }

  static int connect(Kernel kernel, boolean datagrams, InetSocketAddress to)
      throws KernelException {
    InetAddress host = to.getAddress();
    int scope = host instanceof Inet6Address v6 ? v6.getScopeId() : 0;
    return kernel.sockets().connect(datagrams, host.getAddress(), scope, to.getPort());
  }

  /** Waits until something can be read or written; the indices of what can. */
  static List<Integer> ready(Kernel kernel, List<Interest> interests, Deadline until) {
    boolean[] ready = kernel.descriptors().await(interests, Optional.of(until.left()));
    return IntStream.range(0, ready.length).filter(i -> ready[i]).boxed().toList();
  }

  private static NetworkException refused(InetSocketAddress address, String reason) {
    return new NetworkException("dial tcp " + HostPort.write(address) + ": connect: " + reason);
  }

  public void setDeadline(Deadline deadline) {
    this.deadline = deadline;
  }

  @Override
  public InputStream getInputStream() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        int count = length == 0 ? 0 : transfer(false, into, offset, length);
        return count == 0 && length > 0 ? -1 : count;
      }
    };
  }

  @Override
  public OutputStream getOutputStream() {
    return new OutputStream() {
      @Override
      public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
      }

      @Override
      public void write(byte[] from, int offset, int length) throws IOException {
        int sent = 0;
        while (sent < length) {
          sent += transfer(true, from, offset + sent, length - sent);
        }
      }
    };
  }

  private int transfer(boolean writing, byte[] bytes, int offset, int length)
      throws NetworkException {
    String operation = writing ? "write" : "read";
    int piece = Math.min(length, BLOCK_BYTES);
    List<Interest> interest = List.of(new Interest(descriptor, writing));
    while (!closed) {
      if (ready(kernel, interest, deadline).isEmpty() && deadline.isOver()) {
        throw new NetworkException(describe(operation) + TIMEOUT);
      }
      try {
        if (writing) {
          block.bytes().put(0, bytes, offset, piece);
          return kernel.descriptors().write(descriptor, block, 0, piece);
        }
        int count = kernel.descriptors().read(descriptor, block, piece);
        block.bytes().get(0, bytes, offset, count);
        return count;
      } catch (KernelException e) {
        if (e.errno() != Errno.EAGAIN) {
          throw failed(operation, e.reason());
        }
      }
    }
    throw failed(operation, "use of closed network connection");
  }

  private NetworkException failed(String operation, String reason) {
    return new NetworkException(describe(operation) + ": " + operation + ": " + reason);
  }

  private String describe(String operation) {
    String here = "?";
    try {
      InetAddress host = InetAddress.getByAddress(kernel.sockets().localHost(descriptor));
      here = HostPort.write(new InetSocketAddress(host, kernel.sockets().port(descriptor)));
    } catch (IOException e) {
      // The connection is gone, and its address with it.
    }
    return operation + " tcp " + here + "->" + HostPort.write(peer);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      kernel.descriptors().close(descriptor);
      block.close();
    }
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public boolean isConnected() {
    return true;
  }

  @Override
  public int getPort() {
    return peer.getPort();
  }

  @Override
  public void shutdownInput() {}

  @Override
  public void shutdownOutput() throws IOException {
    if (!closed) {
      kernel.sockets().endOutput(descriptor);
    }
  }

  /** The deadline is the one limit. */
  @Override
  public void setSoTimeout(int millis) {}

  @Override
  public int getSoTimeout() {
    return 0;
  }

  @Override
  public int getSoLinger() {
    return -1;
  }
}
