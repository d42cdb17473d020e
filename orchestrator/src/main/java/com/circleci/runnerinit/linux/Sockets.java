package com.circleci.runnerinit.linux;

import java.util.OptionalInt;

/** Sockets that listen, and their clients: socket(7), ip(7), ipv6(7) and tcp(7). */
public final class Sockets extends SystemCalls {
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int SOCK_STREAM = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEADDR = 2;
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_NODELAY = 1;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;
  private static final int SHUT_WR = 1;
  private static final int FLAGS = Descriptors.O_CLOEXEC | Descriptors.O_NONBLOCK;

  private static final int IPV4_BYTES = 4;
  private static final int ADDRESS_BYTES = 28;
  private static final int ADDRESS_BYTES_IPV4 = 16;
  private static final int PORT_AT = 2;
  private static final int IPV4_HOST_AT = 4;
  private static final int IPV6_HOST_AT = 8;

  Sockets(Syscalls syscalls) {
    super(syscalls);
  }

  /**
   * Listens on TCP; neither the socket nor {@link #accept} blocks (socket(2), bind(2), listen(2)).
   *
   * @param host four bytes of an IPv4 address, or 16 of an IPv6 one, whose wildcard takes IPv4 too
   * @param port 0 lets the kernel choose
   */
  public int listen(byte[] host, int port, int backlog) throws KernelException {
    boolean ipv4 = host.length == IPV4_BYTES;
    int family = ipv4 ? AF_INET : AF_INET6;
    NativeBlock address = syscalls.allocate(ipv4 ? ADDRESS_BYTES_IPV4 : ADDRESS_BYTES);
    try {
      address.bytes().putShort(0, (short) family);
      address.bytes().put(PORT_AT, (byte) (port >> Byte.SIZE)).put(PORT_AT + 1, (byte) port);
      address.bytes().put(ipv4 ? IPV4_HOST_AT : IPV6_HOST_AT, host);
      int socket = (int) check(call(Syscall.SOCKET, family, SOCK_STREAM | FLAGS, 0), "socket");
      try {
        if (!ipv4) {
          check(setOption(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0), "setsockopt IPV6_V6ONLY");
        }
        check(setOption(socket, SOL_SOCKET, SO_REUSEADDR, 1), "setsockopt SO_REUSEADDR");
        check(call(Syscall.BIND, socket, address.address(), address.size()), "bind");
        check(call(Syscall.LISTEN, socket, backlog), "listen");
        return socket;
      } catch (KernelException e) {
        call(Syscall.CLOSE, socket);
        throw e;
      }
    } finally {
      syscalls.free(address);
    }
  }

  private long setOption(long socket, int level, int option, int value) {
    NativeBlock block = syscalls.allocate(Integer.BYTES);
    block.bytes().putInt(0, value);
    long result = call(Syscall.SETSOCKOPT, socket, level, option, block.address(), Integer.BYTES);
    syscalls.free(block);
    return result;
  }

  /** The port that a socket listens on (getsockname(2)). */
  public int port(int listener) throws KernelException {
    NativeBlock block = syscalls.allocate(ADDRESS_BYTES + Integer.BYTES);
    try {
      block.bytes().putInt(ADDRESS_BYTES, ADDRESS_BYTES);
      long sizeAt = block.address() + ADDRESS_BYTES;
      check(call(Syscall.GETSOCKNAME, listener, block.address(), sizeAt), "getsockname");
      return (block.bytes().get(PORT_AT) & 0xff) << Byte.SIZE
          | (block.bytes().get(PORT_AT + 1) & 0xff);
    } finally {
      syscalls.free(block);
    }
  }

  /**
   * The next connection, which does not block or hold back small answers; empty when none waits
   * (accept4(2)).
   */
  public OptionalInt accept(int listener) throws KernelException {
    long socket;
    do {
      socket = call(Syscall.ACCEPT4, listener, 0, 0, FLAGS);
    } while (socket == -Errno.EINTR || socket == -Errno.ECONNABORTED);
    if (socket == -Errno.EAGAIN) {
      return OptionalInt.empty();
    }
    check(socket, "accept");
    // If the client is gone already, reading will tell.
    setOption(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    return OptionalInt.of((int) socket);
  }

  /** Lets the other side read to the end; what it still sends can be read (shutdown(2)). */
  public void endOutput(int socket) throws KernelException {
    check(call(Syscall.SHUTDOWN, socket, SHUT_WR), "shutdown");
  }
}
