package com.circleci.runnerinit.init;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.io.IOException;
import java.time.Duration;

/**
 * The folder that is filled. What comes into it is made under a temporary name of its own, and then
 * renamed: a reader sees the old or the new, whole, however many runs there are at once.
 */
record Destination(Kernel kernel, String path, int folder) implements AutoCloseable {
  private static final String TEMPORARY = ".runner-init.";
  private static final Duration LOCK_PAUSE = Duration.ofMillis(10);
  private static final int LOCK_ATTEMPTS = 100;

  /** Makes the folder if it is missing, and removes what crashed runs have left in it. */
  static Destination open(Kernel kernel, String path) throws KernelException {
    make(kernel, path);
    Destination destination = new Destination(kernel, path, kernel.files().openForReading(path));
    destination.lock();
    return destination;
  }

  private static void make(Kernel kernel, String path) throws KernelException {
    // The slash: it is a folder, or a link to one.
    if (kernel.files().exists(path + "/")) {
      return;
    }
    if (path.lastIndexOf('/') > 0) {
      make(kernel, path.substring(0, path.lastIndexOf('/')));
    }
    try {
      kernel.files().makeDirectory(path);
    } catch (KernelException e) {
      // Another run may have made it meanwhile.
      if (!kernel.files().exists(path + "/")) {
        throw e.errno() == Errno.EEXIST ? new KernelException("mkdir " + path, Errno.ENOTDIR) : e;
      }
    }
  }

  /**
   * Tells others, by a shared lock, that temporary files may be of a run that is at work. Who gets
   * the lock alone knows that they aren't. Where there are no locks, they stay.
   */
  private void lock() {
    try {
      if (kernel.files().lock(folder, true)) {
        for (String name : kernel.files().list(path)) {
          if (name.startsWith(TEMPORARY)) {
            kernel.files().remove(path(name));
          }
        }
      }
      for (int i = 0; i < LOCK_ATTEMPTS && !kernel.files().lock(folder, false); i++) {
        kernel.clock().pause(LOCK_PAUSE);
      }
    } catch (KernelException e) {
      // They are in nobody's way.
    }
  }

  String path(String name) {
    return child(path, name);
  }

  static String child(String folder, String name) {
    return folder.endsWith("/") ? folder + name : folder + "/" + name;
  }

  /** Makes a file or a link where nothing is, and returns its descriptor if it has one. */
  interface Creation {
    int at(String path) throws KernelException;
  }

  /** Fills a new file, and closes it. */
  interface Content {
    void write(int descriptor) throws IOException;
  }

  /** Puts something new in the place of what is there; an IOException names it and the reason. */
  void replace(String name, Creation creation, Content content) throws IOException {
    for (int number = 0; ; number++) {
      String temporary = path(TEMPORARY + number);
      try {
        int descriptor = creation.at(temporary);
        try {
          content.write(descriptor);
          kernel.files().rename(temporary, path(name));
          return;
        } catch (IOException e) {
          kernel.files().remove(temporary);
          throw e;
        }
      } catch (KernelException e) {
        // Another run's, or left by one: the next number.
        if (e.errno() != Errno.EEXIST) {
          boolean inTheWay = e.errno() == Errno.EISDIR;
          String wayOut = inTheWay ? ": remove it, or choose another destination" : "";
          throw new IOException("write " + path(name) + ": " + e.reason() + wayOut, e);
        }
      }
    }
  }

  @Override
  public void close() {
    kernel.descriptors().close(folder);
  }
}
