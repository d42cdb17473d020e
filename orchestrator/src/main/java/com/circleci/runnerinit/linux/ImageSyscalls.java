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
  @Override
  @CFunction("runner_init_syscall")
  public native long invoke(long number, long a, long b, long c, long d, long e, long f);

  @Override
  @CFunction("runner_init_spawn")
  public native long spawn(long request);

  @Override
  @CFunction("runner_init_execute")
  public native long execute(long path, long arguments, long environment);

  @Override
  @CFunction("runner_init_arguments")
  public native long arguments(long buffer, long bytes);

  @Override
  @CFunction("runner_init_environment")
  public native long environment(long buffer, long bytes);

  @Override
  @CFunction("runner_init_wipe_environment")
  public native void wipeEnvironment(long prefix);

  @Override
  public NativeBlock allocate(int bytes) {
    UnsignedWord size = WordFactory.unsigned(bytes);
    Pointer memory = UnmanagedMemory.calloc(size);
    return new NativeBlock(this, memory.rawValue(), CTypeConversion.asByteBuffer(memory, bytes));
  }

  @Override
  public void free(NativeBlock block) {
    UnmanagedMemory.free(WordFactory.<Pointer>pointer(block.address()));
  }
}
