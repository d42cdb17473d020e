package com.circleci.runnerinit.testing;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** A signal of Linux on amd64 and arm64, and kill(2) to send it. */
public enum Signal {
  HUP(1),
  INT(2),
  QUIT(3),
  ABRT(6),
  KILL(9),
  USR1(10),
  SEGV(11),
  USR2(12),
  PIPE(13),
  ALRM(14),
  TERM(15),
  CONT(18),
  STOP(19),
  URG(23),
  WINCH(28),
  PWR(30);

  private static final MethodHandle KILL_2 =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("kill"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private final int number;

  Signal(int number) {
    this.number = number;
  }

  public int number() {
    return number;
  }

  /** Returns false if there is no such process, or it may not be signalled. */
  public boolean sendTo(long pid) {
    return send(pid, number);
  }

  /** By number: for those that have no name, the real-time signals. */
  public static boolean send(long pid, int number) {
    return Machine.current().kill(pid, number);
  }

  static boolean kill(long pid, int number) {
    try {
      return (int) KILL_2.invokeExact((int) pid, number) == 0;
    } catch (Throwable e) {
      throw new LinkageError("kill", e);
    }
  }
}
