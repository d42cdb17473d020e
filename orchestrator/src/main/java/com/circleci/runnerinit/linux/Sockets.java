package com.circleci.runnerinit.linux;

import java.util.Arrays;
import java.util.OptionalInt;

/**
 * Sockets that listen, their clients, and those that connect: socket(7), ip(7), ipv6(7) and tcp(7).
 */
public final class Sockets extends SystemCalls {
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEADDR = 2;
  private static final int SO_ERROR = 4;
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_NODELAY = 1;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;
  private static final int SHUT_WR = 1;
  private static final int SIOCGIFINDEX = 0x8933;
  private static final int INTERFACE_REQUEST_BYTES = 40;
  private static final int INTERFACE_NAME_BYTES = 16;
  private static final int FLAGS = Descriptors.O_CLOEXEC | Descriptors.O_NONBLOCK;

  private static final int IPV4_BYTES = 4;
  private static final int ADDRESS_BYTES = 28;
  private static final int ADDRESS_BYTES_IPV4 = 16;
  private static final int PORT_AT = 2;
  private static final int IPV4_HOST_AT = 4;
  private static final int IPV6_HOST_AT = 8;
  private static final int IPV6_SCOPE_AT = 24;

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
    try (NativeBlock address = address(host, port)) {
      int socket = open(ipv4, SOCK_STREAM);
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
    }
  }

  private NativeBlock address(byte[] host, int port) {
    boolean ipv4 = host.length == IPV4_BYTES;
    NativeBlock address = syscalls.allocate(ipv4 ? ADDRESS_BYTES_IPV4 : ADDRESS_BYTES);
    address.bytes().putShort(0, (short) (ipv4 ? AF_INET : AF_INET6));
    address.bytes().put(PORT_AT, (byte) (port >> Byte.SIZE)).put(PORT_AT + 1, (byte) port);
    address.bytes().put(ipv4 ? IPV4_HOST_AT : IPV6_HOST_AT, host);
    return address;
  }

  private int open(boolean ipv4, int type) throws KernelException {
    int family = ipv4 ? AF_INET : AF_INET6;
    return (int) check(call(Syscall.SOCKET, family, type | FLAGS, 0), "socket");
  }

  /**
   * Begins to connect a socket that does not block (socket(2), connect(2)). One of UDP is connected
   * at once. One of TCP is when it can be written to, unless {@link #connectionError} then says why
   * it is not; it does not hold back what is small.
   *
   * @param host four bytes of an IPv4 address, or 16 of an IPv6 one
   * @param scope the index of the interface that an IPv6 address of a link belongs to, else 0
   */
  public int connect(boolean datagrams, byte[] host, int scope, int port) throws KernelException {
    boolean ipv4 = host.length == IPV4_BYTES;
    int socket = open(ipv4, datagrams ? SOCK_DGRAM : SOCK_STREAM);
    NativeBlock address = address(host, port);
    if (!ipv4) {
      address.bytes().putInt(IPV6_SCOPE_AT, scope);
    }
    if (!datagrams) {
      setOption(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    }
    long result = call(Syscall.CONNECT, socket, address.address(), address.size());
    address.close();
    if (result < 0 && result != -Errno.EINPROGRESS && result != -Errno.EINTR) {
      call(Syscall.CLOSE, socket);
      check(result, "connect");
    }
    return socket;
  }

  /** Why a connection has failed, as an error number; 0 if it has not (SO_ERROR of socket(7)). */
  public int connectionError(int socket) {
    try (NativeBlock block = syscalls.allocate(2 * Integer.BYTES)) {
      block.bytes().putInt(Integer.BYTES, Integer.BYTES);
      long sizeAt = block.address() + Integer.BYTES;
      long result = call(Syscall.GETSOCKOPT, socket, SOL_SOCKET, SO_ERROR, block.address(), sizeAt);
      return result < 0 ? (int) -result : block.bytes().getInt(0);
    }
  }

  /** The index of a network interface (SIOCGIFINDEX of netdevice(7)). */
  public int interfaceIndex(String name) throws KernelException {
    byte[] bytes = CStrings.encode(name);
    if (bytes.length >= INTERFACE_NAME_BYTES) {
      throw new KernelException("interface " + name, Errno.ENAMETOOLONG);
    }
    int socket = open(false, SOCK_DGRAM);
    try (NativeBlock request = syscalls.allocate(INTERFACE_REQUEST_BYTES)) {
      request.bytes().put(0, bytes);
      check(call(Syscall.IOCTL, socket, SIOCGIFINDEX, request.address()), "interface " + name);
      return request.bytes().getInt(INTERFACE_NAME_BYTES);
    } finally {
      call(Syscall.CLOSE, socket);
    }
  }

  private long setOption(long socket, int level, int option, int value) {
    try (NativeBlock block = syscalls.allocate(Integer.BYTES)) {
      block.bytes().putInt(0, value);
      return call(Syscall.SETSOCKOPT, socket, level, option, block.address(), Integer.BYTES);
    }
  }

  /** This side's port of a socket (getsockname(2)). */
  public int port(int socket) throws KernelException {
    byte[] address = localAddress(socket);
    return ((address[PORT_AT] & 0xff) << Byte.SIZE) | (address[PORT_AT + 1] & 0xff);
  }

  /** This side's address of a socket: four bytes of IPv4, or 16 of IPv6 (getsockname(2)). */
  public byte[] localHost(int socket) throws KernelException {
    byte[] address = localAddress(socket);
    return address.length == ADDRESS_BYTES_IPV4
        ? Arrays.copyOfRange(address, IPV4_HOST_AT, IPV4_HOST_AT + IPV4_BYTES)
        : Arrays.copyOfRange(address, IPV6_HOST_AT, IPV6_SCOPE_AT);
  }

  private byte[] localAddress(int socket) throws KernelException {
    try (NativeBlock block = syscalls.allocate(ADDRESS_BYTES + Integer.BYTES)) {
      block.bytes().putInt(ADDRESS_BYTES, ADDRESS_BYTES);
      long sizeAt = block.address() + ADDRESS_BYTES;
      check(call(Syscall.GETSOCKNAME, socket, block.address(), sizeAt), "getsockname");
      return block.copy(0, block.bytes().getInt(ADDRESS_BYTES));
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
