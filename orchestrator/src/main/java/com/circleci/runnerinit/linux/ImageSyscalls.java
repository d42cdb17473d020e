package com.circleci.runnerinit.linux;

import org.graalvm.nativeimage.UnmanagedMemory;
import org.graalvm.nativeimage.c.function.CFunction;
import org.graalvm.nativeimage.c.function.CLibrary;
import org.graalvm.nativeimage.c.type.CTypeConversion;
import org.graalvm.word.Pointer;
import org.graalvm.word.UnsignedWord;
import org.graalvm.word.WordFactory;

/** The binding in the executable: direct calls into the C that is linked into it. */
@CLibrary(value = "runnerinit", requireStatic = true)
public final class ImageSyscalls implements Syscalls {
  @CFunction("runner_init_syscall")
  private static native long syscall0(long number, long a, long b, long c, long d, long e, long f);

  @CFunction("runner_init_spawn")
  private static native long spawn0(long request);

  @CFunction("runner_init_execute")
  private static native long execute0(long path, long arguments, long environment);

  @CFunction("runner_init_arguments")
  private static native long arguments0(long buffer, long bytes);

  @CFunction("runner_init_environment")
  private static native long environment0(long buffer, long bytes);

  @CFunction("runner_init_wipe_environment")
  private static native void wipeEnvironment0(long prefix);

  @Override
  public long invoke(int number, long a, long b, long c, long d, long e, long f) {
    return syscall0(number, a, b, c, d, e, f);
  }

  @Override
  public long spawn(long request) {
    return spawn0(request);
  }

  @Override
  public long execute(long path, long arguments, long environment) {
    return execute0(path, arguments, environment);
  }

  @Override
  public long arguments(long buffer, long bytes) {
    return arguments0(buffer, bytes);
  }

  @Override
  public long environment(long buffer, long bytes) {
    return environment0(buffer, bytes);
  }

  @Override
  public void wipeEnvironment(long prefix) {
    wipeEnvironment0(prefix);
  }

  @Override
  public NativeBlock allocate(int bytes) {
    UnsignedWord size = WordFactory.unsigned(bytes);
    Pointer memory = UnmanagedMemory.calloc(size);
    return new NativeBlock(memory.rawValue(), CTypeConversion.asByteBuffer(memory, bytes));
  }

  @Override
  public void free(NativeBlock block) {
    UnmanagedMemory.free(WordFactory.<Pointer>pointer(block.address()));
  }
}
