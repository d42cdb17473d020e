package com.circleci.runnerinit.task.process;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Interest;
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
public final class FileWatch implements Chore, AutoCloseable {
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);
  private static final Duration LOOK_AGAIN_WITHOUT_EVENTS = Duration.ofMillis(100);
  private static final int EVENTS_BYTES = 4096;

  private final Kernel kernel;
  private final String file;
  private final NativeBlock events;
  private OptionalInt watch;
  private boolean watching;
  private boolean exists;

  private FileWatch(Kernel kernel, String file, OptionalInt watch) {
    this.kernel = kernel;
    this.file = file;
    this.watch = watch;
    events = kernel.memory().allocate(EVENTS_BYTES);
  }

  /** Begins to watch, by looking for the first time. */
  public static FileWatch begin(Kernel kernel, String file) {
    OptionalInt watch;
    try {
      watch = OptionalInt.of(kernel.files().openWatch());
    } catch (KernelException e) {
      // The user's limit of inotify instances is used up: looking again does it too.
      watch = OptionalInt.empty();
    }
    FileWatch begun = new FileWatch(kernel, file, watch);
    begun.turn();
    return begun;
  }

  public boolean exists() {
    return exists;
  }

  @Override
  public Optional<Interest> interest() {
    return watch.isPresent() ? Optional.of(Interest.inReading(watch.getAsInt())) : Optional.empty();
  }

  @Override
  public long dueIn() {
    return (watching ? LOOK_AGAIN : LOOK_AGAIN_WITHOUT_EVENTS).toNanos();
  }

  /** Looks whether the file exists now. When it does not, all that may bring it is watched. */
  @Override
  public void turn() {
    watch.ifPresent(this::drain);
    exists = kernel.files().exists(file);
    if (!exists) {
      watching = watch.isPresent() && watchNearestDirectory(watch.getAsInt());
      // It may have come between the look and the watch.
      exists = kernel.files().exists(file);
    }
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

  /** Which event it was does not matter. */
  private void drain(int descriptor) {
    try {
      kernel.descriptors().read(descriptor, events, EVENTS_BYTES);
    } catch (KernelException e) {
      if (e.errno() != Errno.EAGAIN) {
        // What can't be read would wake us for ever: looking again does it too.
        closeWatch();
      }
    }
  }

  private void closeWatch() {
    watch.ifPresent(kernel.descriptors()::close);
    watch = OptionalInt.empty();
    watching = false;
  }

  @Override
  public void close() {
    closeWatch();
    events.close();
  }
}
