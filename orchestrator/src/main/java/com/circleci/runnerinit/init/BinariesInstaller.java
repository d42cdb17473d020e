package com.circleci.runnerinit.init;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogEvent;
import java.util.List;

/**
 * Copies the orchestrator and the task agent from the init image into the volume. It may run again
 * at any time, over what an earlier run left: each file comes into being whole, by a rename.
 */
public final class BinariesInstaller {
  private static final List<String> BINARIES = List.of("orchestrator", "circleci-agent");
  private static final String AGENT = "circleci-agent";
  private static final String LINK = "circleci";

  private final Kernel kernel;
  private final EventLog log;
  private final FileCopy copy;

  /**
   * An installer that stops between two pieces of a file when it is told to.
   *
   * @param interruption asked before each piece
   */
  public BinariesInstaller(Kernel kernel, EventLog log, Interruption interruption) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.log = requireNonNull(log, "log is null");
    copy = new FileCopy(kernel, interruption);
  }

  /**
   * Installs the binaries and the link to the task agent.
   *
   * @param source an absolute path
   * @param destination an absolute path; created when it is missing
   * @throws InitException names the file and the reason
   */
  public void install(String source, String destination) throws InitException {
    LogEvent whole = log.event("orchestrator: init");
    makeDirectories(destination);
    for (String binary : BINARIES) {
      LogEvent line = log.event("orchestrator: init: copy");
      long bytes = copy.copy(child(source, binary), child(destination, binary));
      line.with("binary", child(source, binary))
          .with("destination", child(destination, binary))
          .with("bytes", bytes)
          .success()
          .write();
    }
    link(child(destination, AGENT), child(destination, LINK));
    whole.with("source", source).with("destination", destination).success().write();
  }

  private void makeDirectories(String path) throws InitException {
    if (isDirectory(path)) {
      return;
    }
    int slash = path.lastIndexOf('/');
    if (slash > 0) {
      makeDirectories(path.substring(0, slash));
    }
    try {
      kernel.files().makeDirectory(path);
    } catch (KernelException e) {
      if (e.errno() == Errno.EEXIST && !isDirectory(path)) {
        throw new InitException("mkdir " + path + ": " + Errno.describe(Errno.ENOTDIR));
      }
      if (e.errno() != Errno.EEXIST) {
        throw new InitException(e.description());
      }
    }
  }

  private boolean isDirectory(String path) {
    try {
      return kernel.files().status(path).isDirectory();
    } catch (KernelException e) {
      return false;
    }
  }

  private void link(String target, String path) throws InitException {
    String temporary = FileCopy.temporaryName(path);
    try {
      FileCopy.removeIfThere(kernel, temporary);
      kernel.files().makeSymbolicLink(target, temporary);
      kernel.files().rename(temporary, path);
    } catch (KernelException e) {
      FileCopy.removeIfThere(kernel, temporary);
      throw new InitException("symlink " + path + ": " + e.reason());
    }
  }

  private static String child(String directory, String name) {
    return directory.endsWith("/") ? directory + name : directory + "/" + name;
  }
}
