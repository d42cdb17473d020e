package com.circleci.runnerinit.linux;

/**
 * The gate to {@code runner_init.c} and to time: all that differs between the executable, a JVM and
 * the simulated kernel of the tests. Results below zero are negated error numbers (errno(3)).
 */
public interface Syscalls extends Clock {
  long invoke(long number, long a, long b, long c, long d, long e, long f);

  /** Starts the child that {@link Processes} describes; returns its process id. */
  long spawn(long request);

  /** Replaces this program, with default signal dispositions and an empty mask. */
  long execute(long path, long arguments, long environment);

  /** Copies the initial arguments if they fit; returns the bytes that they take. */
  long arguments(long buffer, long bytes);

  /** Copies the initial environment if it fits; returns the bytes that it takes. */
  long environment(long buffer, long bytes);

  void wipeEnvironment(long prefix);

  /** Memory outside the heap, zeroed. */
  NativeBlock allocate(int bytes);

  void free(NativeBlock block);

  default void startThread(String name, int stackBytes, Runnable body) {
    Thread thread = new Thread(null, body, name, stackBytes);
    thread.setDaemon(true);
    thread.start();
  }
}
