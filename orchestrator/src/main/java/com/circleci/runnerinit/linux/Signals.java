package com.circleci.runnerinit.linux;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;

/** Signal numbers of Linux on x86-64 and AArch64 (signal(7)). */
public final class Signals {
  public static final int SIGHUP = 1;
  public static final int SIGINT = 2;
  public static final int SIGQUIT = 3;
  public static final int SIGILL = 4;
  public static final int SIGTRAP = 5;
  public static final int SIGABRT = 6;
  public static final int SIGBUS = 7;
  public static final int SIGFPE = 8;
  public static final int SIGKILL = 9;
  public static final int SIGUSR1 = 10;
  public static final int SIGSEGV = 11;
  public static final int SIGUSR2 = 12;
  public static final int SIGPIPE = 13;
  public static final int SIGALRM = 14;
  public static final int SIGTERM = 15;
  public static final int SIGCHLD = 17;
  public static final int SIGCONT = 18;
  public static final int SIGSTOP = 19;
  public static final int SIGTSTP = 20;
  public static final int SIGTTIN = 21;
  public static final int SIGTTOU = 22;
  public static final int SIGWINCH = 28;
  public static final int SIGSYS = 31;

  /** The first real-time signal that libc leaves to programs: musl keeps 32 to 34 for itself. */
  private static final int FIRST_REAL_TIME = 35;

  private static final int RTMIN = 34;
  private static final int LAST = 64;

  /** Of the signals from 1 to {@link #SIGSYS}, less "SIG". */
  private static final List<String> NAMES =
      List.of(
          "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
          "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
          "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  private static final Map<String, String> ALIASES =
      Map.of("IOT", "ABRT", "CLD", "CHLD", "POLL", "IO");

  /** By which the JDK's network code wakes its own threads. */
  private static final int JDK_WAKE = 62;

  private Signals() {}

  /**
   * Whether the event loop takes this signal: all that can be caught and that do not tell of a
   * fault in this process or of this process's own writing and terminal use.
   */
  public static boolean isTaken(int signal) {
    return switch (signal) {
      case SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS -> false;
      case SIGKILL, SIGSTOP, SIGPIPE, SIGTTIN, SIGTTOU, JDK_WAKE -> false;
      default -> (signal >= 1 && signal <= SIGSYS) || (signal >= FIRST_REAL_TIME && signal <= LAST);
    };
  }

  /** The taken signals as the kernel's bit set. */
  static long takenMask() {
    long mask = 0;
    for (int signal = 1; signal <= LAST; signal++) {
      if (isTaken(signal)) {
        mask |= 1L << (signal - 1);
      }
    }
    return mask;
  }

  /** The name of its constant, such as {@code SIGTERM}. */
  public static String name(int signal) {
    return "SIG" + (signal >= 1 && signal <= SIGSYS ? NAMES.get(signal - 1) : signal);
  }

  /**
   * The signal of a name, with or without SIG before it and in any case, or of a number. {@code
   * RTMIN} is 34, whatever a libc takes from it, as for container runtimes.
   */
  public static OptionalInt number(String text) {
    String upper = text.toUpperCase(Locale.ROOT);
    String name = upper.startsWith("SIG") ? upper.substring(3) : upper;
    int known = NAMES.indexOf(ALIASES.getOrDefault(name, name)) + 1;
    if (known > 0) {
      return OptionalInt.of(known);
    }
    if (name.startsWith("RTMIN")) {
      return sum(RTMIN, name.substring(5), '+');
    }
    if (name.startsWith("RTMAX")) {
      return sum(LAST, name.substring(5), '-');
    }
    return text.isEmpty() ? OptionalInt.empty() : sum(0, "+" + text, '+');
  }

  private static OptionalInt sum(int base, String offset, char sign) {
    if (offset.isEmpty()) {
      return OptionalInt.of(base);
    }
    if (!offset.matches("\\" + sign + "[0-9]{1,2}")) {
      return OptionalInt.empty();
    }
    int signal = base + Integer.parseInt(offset);
    return signal >= 1 && signal <= LAST ? OptionalInt.of(signal) : OptionalInt.empty();
  }

  /** The name that Go's os package gives it, which users find in older logs. */
  public static String describe(int signal) {
    return switch (signal) {
      case SIGHUP -> "hangup";
      case SIGINT -> "interrupt";
      case SIGQUIT -> "quit";
      case SIGILL -> "illegal instruction";
      case SIGTRAP -> "trace/breakpoint trap";
      case SIGABRT -> "aborted";
      case SIGBUS -> "bus error";
      case SIGFPE -> "floating point exception";
      case SIGKILL -> "killed";
      case SIGUSR1 -> "user defined signal 1";
      case SIGSEGV -> "segmentation fault";
      case SIGUSR2 -> "user defined signal 2";
      case SIGPIPE -> "broken pipe";
      case SIGALRM -> "alarm clock";
      case SIGTERM -> "terminated";
      case 16 -> "stack fault";
      case SIGCHLD -> "child exited";
      case SIGCONT -> "continued";
      case SIGSTOP -> "stopped (signal)";
      case SIGTSTP -> "stopped";
      case SIGTTIN -> "stopped (tty input)";
      case SIGTTOU -> "stopped (tty output)";
      case 23 -> "urgent I/O condition";
      case 24 -> "CPU time limit exceeded";
      case 25 -> "file size limit exceeded";
      case 26 -> "virtual timer expired";
      case 27 -> "profiling timer expired";
      case SIGWINCH -> "window changed";
      case 29 -> "I/O possible";
      case 30 -> "power failure";
      case SIGSYS -> "bad system call";
      default -> "signal " + signal;
    };
  }
}
