package com.circleci.runnerinit.task.process;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Waits for a file to exist. It is told by inotify(7) of what appears in the nearest directory that
 * exists, and looks again now and then, so that neither a directory that comes later nor an event
 * that was lost can hang it.
 */
public final class FileWatch implements AutoCloseable {
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);
  private static final Duration LOOK_AGAIN_WITHOUT_EVENTS = Duration.ofMillis(100);
  private static final int EVENTS_BYTES = 4096;

  private final Kernel kernel;
  private final String file;
  private final OptionalInt watch;
  private boolean watching;

  public FileWatch(Kernel kernel, String file) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.file = requireNonNull(file, "file is null");
    watch = open(kernel);
  }

  private static OptionalInt open(Kernel kernel) {
    try {
      return OptionalInt.of(kernel.files().openWatch());
    } catch (KernelException e) {
      // The user's limit of inotify instances is used up: looking again does it too.
      return OptionalInt.empty();
    }
  }

  /** Readable when it is worth looking again. */
  public OptionalInt descriptor() {
    return watch;
  }

  /** How long to wait for the descriptor before looking again all the same. */
  public Duration lookAgain() {
    return watching ? LOOK_AGAIN : LOOK_AGAIN_WITHOUT_EVENTS;
  }

  /** Whether the file exists now. When it does not, all that may bring it is watched. */
  public boolean look() {
    watch.ifPresent(this::drain);
    if (kernel.files().exists(file)) {
      return true;
    }
    watching = watch.isPresent() && watchNearestDirectory(watch.getAsInt());
    // It may have come between the look and the watch.
    return kernel.files().exists(file);
  }

  private boolean watchNearestDirectory(int descriptor) {
    Optional<String> directory = parent(file);
    while (directory.isPresent()) {
      try {
        kernel.files().watchDirectory(descriptor, directory.get());
        return true;
      } catch (KernelException e) {
        directory = parent(directory.get());
      }
    }
    return false;
  }

  private static Optional<String> parent(String path) {
    if (path.equals("/") || path.equals(".")) {
      return Optional.empty();
    }
    int slash = path.lastIndexOf('/');
    return Optional.of(slash < 0 ? "." : slash == 0 ? "/" : path.substring(0, slash));
  }

  private void drain(int descriptor) {
    NativeBlock events = kernel.memory().allocate(EVENTS_BYTES);
    try {
      while (kernel.descriptors().read(descriptor, events) > 0) {
        // Which event it was does not matter.
      }
    } catch (KernelException e) {
      // EAGAIN: all are read.
    } finally {
      kernel.memory().release(events);
    }
  }

  @Override
  public void close() {
    watch.ifPresent(kernel.descriptors()::close);
  }
}
