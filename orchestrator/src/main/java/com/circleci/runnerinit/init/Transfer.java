package com.circleci.runnerinit.init;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import com.circleci.runnerinit.linux.Pipe;
import java.util.Optional;

/**
 * Moves bytes from one file to another within the kernel, in constant memory: a pipe takes pages of
 * the one, and what it holds is written to the other. Where the kernel can't do that, they are read
 * and written.
 */
final class Transfer implements AutoCloseable {
  /**
   * The larger the writes, the larger the pages that the file system makes of them, which cost less
   * each byte, but are harder to find: docs/decisions/0018 compares sizes. A pipe may hold as much
   * without a privilege (pipe(7)).
   */
  private static final int PIECE_BYTES = 256 * 1024;

  private final Kernel kernel;
  private final int from;
  private final int to;
  private final Pipe pipe;
  private Optional<NativeBlock> buffer = Optional.empty();
  private int taken;

  Transfer(Kernel kernel, int from, int to) throws KernelException {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.from = from;
    this.to = to;
    pipe = kernel.descriptors().openPipe();
    kernel.descriptors().enlarge(pipe, PIECE_BYTES);
  }

  /**
   * Takes the next piece from the source.
   *
   * @param most more than that are not taken
   * @return how many bytes; 0 at the end
   */
  int take(long most) throws KernelException {
    int bytes = (int) Math.min(most, PIECE_BYTES);
    if (buffer.isEmpty()) {
      try {
        taken = kernel.descriptors().splice(from, pipe.writeEnd(), bytes);
        return taken;
      } catch (KernelException e) {
        if (!isUnable(e)) {
          throw e;
        }
        buffer = Optional.of(kernel.memory().allocate(PIECE_BYTES));
      }
    }
    taken = kernel.descriptors().read(from, buffer.get(), bytes);
    return taken;
  }

  /** Writes what was taken last. */
  void give() throws KernelException {
    if (buffer.isPresent()) {
      kernel.descriptors().writeAll(to, buffer.get(), taken);
      return;
    }
    while (taken > 0) {
      taken -= kernel.descriptors().splice(pipe.readEnd(), to, taken);
    }
  }

  @Override
  public void close() {
    kernel.descriptors().close(pipe.readEnd());
    kernel.descriptors().close(pipe.writeEnd());
    buffer.ifPresent(kernel.memory()::release);
  }

  /** No such call, or not for this file system or in this container. */
  private static boolean isUnable(KernelException e) {
    return e.errno() == Errno.ENOSYS || e.errno() == Errno.EINVAL || e.errno() == Errno.EPERM;
  }
}
