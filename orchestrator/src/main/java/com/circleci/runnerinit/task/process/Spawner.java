package com.circleci.runnerinit.task.process;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import com.circleci.runnerinit.linux.SpawnRequest;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * Starts children that the kernel is to kill before this process when memory is short:
 * proc_pid_oom_score_adj(5). Children have what their parent has when it forks, so it is raised for
 * that moment. Anyone may raise it, and take it back. What remains is the kernel's: between writing
 * a killed child off and freeing its huge pages, it finds only this process, should that need
 * memory just then.
 */
public final class Spawner {
  private static final String FILE = "/proc/self/oom_score_adj";
  private static final int FILE_BYTES = 16;
  private static final int MAX = 1000;

  /** A tenth of the memory: more than this process will ever have. */
  private static final int RAISE = 100;

  private final Kernel kernel;
  private final OptionalInt file;
  private final int own;

  /** There from the start: between a child's start and what is noted of it, nothing may fail. */
  private final NativeBlock block;

  private Spawner(Kernel kernel, OptionalInt file, int own) {
    this.kernel = kernel;
    this.file = file;
    this.own = own;
    block = kernel.memory().allocate(FILE_BYTES);
  }

  /** To be called before dumps are forbidden: after that, the file is the superuser's. */
  public static Spawner open(Kernel kernel) {
    try {
      byte[] text = kernel.files().read(FILE, FILE_BYTES);
      int own = Integer.parseInt(new String(text, StandardCharsets.US_ASCII).strip());
      return new Spawner(kernel, OptionalInt.of(kernel.files().openForWriting(FILE)), own);
    } catch (KernelException | NumberFormatException e) {
      // No /proc, or a sandbox that forbids it: children are as likely to go as this process.
      return new Spawner(kernel, OptionalInt.empty(), 0);
    }
  }

  /** As {@link com.circleci.runnerinit.linux.Processes#spawn}. */
  public int spawn(SpawnRequest request, Runnable last) throws KernelException {
    Runnable ready =
        () -> {
          setScore(Math.min(MAX, own + RAISE));
          last.run();
        };
    try {
      return kernel.processes().spawn(request, ready);
    } finally {
      setScore(own);
    }
  }

  private void setScore(int value) {
    if (file.isEmpty()) {
      return;
    }
    try {
      byte[] text = Integer.toString(value).getBytes(StandardCharsets.US_ASCII);
      block.bytes().put(0, text);
      kernel.descriptors().write(file.getAsInt(), block, 0, text.length);
    } catch (KernelException e) {
      // Forbidden after all.
    }
  }
}
