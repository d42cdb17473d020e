package com.circleci.runnerinit.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** The binding on a JVM: the same C, compiled into a shared library, called by FFM. */
public class ForeignSyscalls implements Syscalls {
  /** The library that launcher.c has loaded; the unit tests have none, and compile one. */
  private static final Optional<String> LOADED =
      Optional.ofNullable(System.getProperty("runnerinit.library"));

  private static final int CLOSE_RANGE = 436;
  private static final int CLOSE_RANGE_CLOEXEC = 4;

  private static final Path SOURCE = Path.of("src/main/c/runner_init.c");
  private static final Path LIBRARY = Path.of("target/librunnerinit.so");

  private final SymbolLookup library =
      SymbolLookup.libraryLookup(
          LOADED.map(Path::of).orElseGet(ForeignSyscalls::compiled), Arena.global());
  private final MethodHandle syscall = bind("runner_init_syscall", 7);
  private final MethodHandle spawn = bind("runner_init_spawn", 1);
  private final MethodHandle execute = bind("runner_init_execute", 3);
  private final MethodHandle arguments = bind("runner_init_arguments", 2);
  private final MethodHandle environment = bind("runner_init_environment", 2);
  private final MethodHandle wipe = bind("runner_init_wipe_environment", 1);

  private static synchronized Path compiled() {
    try {
      if (!Files.exists(LIBRARY)
          || Files.getLastModifiedTime(LIBRARY).compareTo(Files.getLastModifiedTime(SOURCE)) < 0) {
        Files.createDirectories(LIBRARY.getParent());
        int status =
            new ProcessBuilder(
                    "cc", "-O2", "-fPIC", "-shared", "-o", LIBRARY.toString(), SOURCE.toString())
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
          throw new IllegalStateException("cc could not compile " + SOURCE);
        }
      }
      return LIBRARY.toAbsolutePath();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException("a C compiler (cc) is needed: ./do install-devtools", e);
    }
  }

  private MethodHandle bind(String function, int arguments) {
    MemoryLayout[] layouts = new MemoryLayout[arguments];
    Arrays.fill(layouts, JAVA_LONG);
    return Linker.nativeLinker()
        .downcallHandle(
            library.find(function).orElseThrow(), FunctionDescriptor.of(JAVA_LONG, layouts));
  }

  private static long call(MethodHandle function, Object... arguments) {
    try {
      return (long) function.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public long invoke(long number, long a, long b, long c, long d, long e, long f) {
    if (number == Syscall.EXIT_GROUP.number()) {
      // As by the call itself, but a JVM that is to write a cache of its classes does so.
      System.exit((int) a);
    }
    try {
      return (long) syscall.invokeExact(number, a, b, c, d, e, f);
    } catch (Throwable failure) {
      throw new IllegalStateException(failure);
    }
  }

  @Override
  public long spawn(long request) {
    return call(spawn, request);
  }

  @Override
  public long execute(long path, long arguments, long environment) {
    // The JVM's own descriptors do not all close on exec.
    invoke(CLOSE_RANGE, 3, 0xffffffffL, CLOSE_RANGE_CLOEXEC, 0, 0, 0);
    return call(execute, path, arguments, environment);
  }

  @Override
  public long arguments(long buffer, long bytes) {
    return call(arguments, buffer, bytes);
  }

  @Override
  public long environment(long buffer, long bytes) {
    return call(environment, buffer, bytes);
  }

  @Override
  public void wipeEnvironment(long prefix) {
    call(wipe, prefix);
  }

  /** Never freed: what runs on a JVM is short. */
  @Override
  public NativeBlock allocate(int bytes) {
    MemorySegment segment = Arena.global().allocate(bytes, Long.BYTES);
    return new NativeBlock(this, segment.address(), segment.asByteBuffer());
  }

  @Override
  public void free(NativeBlock block) {}
}
