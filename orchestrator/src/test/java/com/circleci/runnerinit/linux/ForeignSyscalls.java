package com.circleci.runnerinit.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.util.Objects.requireNonNull;

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
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The binding on a JVM: the same C, compiled into a shared library, called by FFM. */
public class ForeignSyscalls implements Syscalls {
  private static final Path SOURCE = Path.of("src/main/c/runner_init.c");
  private static final Path LIBRARY = Path.of("target/librunnerinit.so");

  private final SymbolLookup library = SymbolLookup.libraryLookup(compiled(), Arena.global());
  private final MethodHandle syscall = bind("runner_init_syscall", 7);
  private final MethodHandle spawn = bind("runner_init_spawn", 1);
  private final MethodHandle execute = bind("runner_init_execute", 3);
  private final MethodHandle arguments = bind("runner_init_arguments", 2);
  private final MethodHandle environment = bind("runner_init_environment", 2);
  private final MethodHandle wipe = bind("runner_init_wipe_environment", 1);

  /** The kernel, less one call with a certain first argument. */
  public static Syscalls refusing(String call, long argument, int errno) {
    int refused = Syscall.valueOf(call).number();
    return new ForeignSyscalls() {
      @Override
      public long invoke(int number, long a, long b, long c, long d, long e, long f) {
        return number == refused && a == argument ? -errno : super.invoke(number, a, b, c, d, e, f);
      }
    };
  }

  /** The kernel, less the calls that are refused. */
  public static Syscalls refusing(SimulatedKernel.Refusals refusals) {
    return new Refusing(refusals);
  }

  /** The kernel, less the calls that are refused. */
  public static class Refusing extends ForeignSyscalls {
    private static final Map<Integer, Syscall> BY_NUMBER =
        Arrays.stream(Syscall.values()).collect(Collectors.toMap(Syscall::number, c -> c));

    private final SimulatedKernel.Refusals refusals;
    private final Map<Syscall, Integer> counts = new EnumMap<>(Syscall.class);

    protected Refusing(SimulatedKernel.Refusals refusals) {
      this.refusals = refusals;
    }

    @Override
    public long invoke(int number, long a, long b, long c, long d, long e, long f) {
      Syscall call = requireNonNull(BY_NUMBER.get(number));
      long refused = refusals.refuse(call.name(), counts.merge(call, 1, Integer::sum) - 1);
      return refused < 0 ? refused : super.invoke(number, a, b, c, d, e, f);
    }
  }

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
  public long invoke(int number, long a, long b, long c, long d, long e, long f) {
    return call(syscall, (long) number, a, b, c, d, e, f);
  }

  @Override
  public long spawn(long request) {
    return call(spawn, request);
  }

  @Override
  public long execute(long path, long arguments, long environment) {
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

  /** Never freed: tests are short. */
  @Override
  public NativeBlock allocate(int bytes) {
    MemorySegment segment = Arena.global().allocate(bytes, Long.BYTES);
    return new NativeBlock(segment.address(), segment.asByteBuffer());
  }

  @Override
  public void free(NativeBlock block) {}
}
