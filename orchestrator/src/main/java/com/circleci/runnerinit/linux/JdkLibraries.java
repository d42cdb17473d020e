package com.circleci.runnerinit.linux;

/**
 * The JDK's own native libraries, by which it opens sockets and files. Most tasks end without
 * either, so the executable loads them when they are first needed, and not at its start as its
 * runtime would: docs/decisions/0016-diet.md. A JVM has long done so.
 */
public final class JdkLibraries {
  private static Runnable loader = () -> {};

  private JdkLibraries() {}

  /** Says how they are loaded, where that is not done yet. */
  public static synchronized void loadLaterBy(Runnable loader) {
    JdkLibraries.loader = loader;
  }

  /** Loads them, once. To be called before anything of the JDK that needs them. */
  public static synchronized void load() {
    Runnable once = loader;
    loader = () -> {};
    once.run();
  }
}
