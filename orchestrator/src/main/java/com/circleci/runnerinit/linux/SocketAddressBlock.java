package com.circleci.runnerinit.linux;

import java.nio.ByteOrder;

/** An address of a socket as the kernel has it: ip(7) and ipv6(7). */
final class SocketAddressBlock {
  static final int IPV4 = 2;
  static final int IPV6 = 10;

  /** Bytes of an IPv6 one. */
  static final int LARGEST = 28;

  private static final int IPV4_BYTES = 16;
  private static final int PORT_AT = 2;
  private static final int IPV4_HOST_AT = 4;
  private static final int IPV6_HOST_AT = 8;

  private SocketAddressBlock() {}

  /**
   * Writes one.
   *
   * @param host four bytes or 16
   */
  static NativeBlock allocate(Syscalls syscalls, byte[] host, int port) {
    boolean ipv4 = host.length == IPV4_HOST_AT;
    NativeBlock block = syscalls.allocate(ipv4 ? IPV4_BYTES : LARGEST);
    block.bytes().putShort(0, (short) (ipv4 ? IPV4 : IPV6));
    block.bytes().put(PORT_AT, (byte) (port >> Byte.SIZE)).put(PORT_AT + 1, (byte) port);
    block.bytes().put(ipv4 ? IPV4_HOST_AT : IPV6_HOST_AT, host);
    return block;
  }

  static int port(NativeBlock block) {
    return Short.toUnsignedInt(
        block.bytes().duplicate().order(ByteOrder.BIG_ENDIAN).getShort(PORT_AT));
  }
}
