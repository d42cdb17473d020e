package com.circleci.runnerinit.fuzzing;

import com.google.errorprone.annotations.FormatMethod;

/**
 * What must hold for every input. A fuzz target is called hundreds of thousands of times a second,
 * which an assertion library is not made for.
 */
public final class Property {
  private Property() {}

  /** Fails unless the condition holds. */
  @FormatMethod
  public static void holds(boolean condition, String what, Object... values) {
    if (!condition) {
      throw new AssertionError(what.formatted(values));
    }
  }
}
