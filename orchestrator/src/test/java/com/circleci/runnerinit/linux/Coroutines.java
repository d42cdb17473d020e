package com.circleci.runnerinit.linux;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The JDK's own coroutines, on which its virtual threads run, by reflection: the compiler's release
 * flag hides them. The JVM of the tests exports them: see Surefire's argument line.
 */
final class Coroutines {
  private static final MethodHandle NEW;
  private static final MethodHandle RUN;
  private static final MethodHandle YIELD;
  private static final MethodHandle IS_DONE;
  private static final MethodHandle STACK;
  private static final Object SCOPE;

  static {
    try {
      Class<?> scope = Class.forName("jdk.internal.vm.ContinuationScope");
      Class<?> continuation = Class.forName("jdk.internal.vm.Continuation");
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      SCOPE = scope.getConstructor(String.class).newInstance("simulation");
      NEW =
          lookup
              .findConstructor(
                  continuation, MethodType.methodType(void.class, scope, Runnable.class))
              .bindTo(SCOPE)
              .asType(MethodType.methodType(Object.class, Runnable.class));
      RUN =
          lookup
              .findVirtual(continuation, "run", MethodType.methodType(void.class))
              .asType(MethodType.methodType(void.class, Object.class));
      IS_DONE =
          lookup
              .findVirtual(continuation, "isDone", MethodType.methodType(boolean.class))
              .asType(MethodType.methodType(boolean.class, Object.class));
      STACK =
          lookup
              .findVirtual(
                  continuation, "getStackTrace", MethodType.methodType(StackTraceElement[].class))
              .asType(MethodType.methodType(StackTraceElement[].class, Object.class));
      YIELD =
          lookup
              .findStatic(continuation, "yield", MethodType.methodType(boolean.class, scope))
              .bindTo(SCOPE);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private Coroutines() {}

  /** Runs until it yields, and goes on from there the next time. */
  record Coroutine(Object continuation) {
    void run() {
      try {
        RUN.invokeExact(continuation);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }

    /** The frames that it will go on from, the innermost first. */
    StackTraceElement[] stack() {
      try {
        return (StackTraceElement[]) STACK.invokeExact(continuation);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }

    boolean isDone() {
      try {
        return (boolean) IS_DONE.invokeExact(continuation);
      } catch (Throwable e) {
        throw new AssertionError(e);
      }
    }
  }

  static Coroutine create(Runnable body) {
    try {
      return new Coroutine((Object) NEW.invokeExact(body));
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Gives way to whoever has run this coroutine. */
  static void giveWay() {
    try {
      boolean _ = (boolean) YIELD.invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
