package com.circleci.runnerinit.linux;

/**
 * All that this program asks of Linux, by use. A room takes the part that it needs; what differs
 * between the executable, a JVM and the simulated kernel of the tests lies below: {@link Syscalls}.
 *
 * <p>A {@link KernelException} carries the error number. Descriptors that are opened here close on
 * exec. Calls that EINTR ended are made again. Texts from the kernel keep their bytes: {@link
 * CStrings}.
 */
public record Kernel(
    Processes processes,
    Files files,
    Descriptors descriptors,
    Sockets sockets,
    Memory memory,
    Clock clock) {
  public static Kernel of(Syscalls syscalls) {
    return new Kernel(
        new Processes(syscalls),
        new Files(syscalls),
        new Descriptors(syscalls),
        new Sockets(syscalls),
        new Memory(syscalls),
        syscalls);
  }
}
