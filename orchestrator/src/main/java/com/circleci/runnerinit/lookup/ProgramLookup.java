package com.circleci.runnerinit.lookup;

import com.circleci.runnerinit.linux.Files;
import com.circleci.runnerinit.linux.KernelException;
import java.util.Optional;

/** Finds the file to execute for a program's name, by the rules of Go's os/exec. */
public final class ProgramLookup {
  private final Files files;
  private final String path;

  /**
   * A look-up along one list of directories.
   *
   * @param path directories, separated by colons
   */
  public ProgramLookup(Files files, Optional<String> path) {
    this.files = files;
    this.path = path.orElse("");
  }

  /**
   * The path of the program's file. A name with a slash is a path already, and is not looked at.
   *
   * @throws LookupException in the words of Go's os/exec; also when the first that is found lies
   *     below the current directory, which the task may fill
   */
  public String find(String program) throws LookupException {
    if (program.isEmpty()) {
      throw new LookupException("exec: no command");
    }
    if (program.indexOf('/') >= 0) {
      return program;
    }
    if (!path.isEmpty()) {
      for (String directory : path.split(":", -1)) {
        String candidate = (directory.isEmpty() ? "." : directory) + "/" + program;
        if (isProgram(candidate)) {
          if (!candidate.startsWith("/")) {
            throw new LookupException(
                "exec: \""
                    + program
                    + "\": cannot run executable found relative to current directory");
          }
          return candidate;
        }
      }
    }
    throw new LookupException("exec: \"" + program + "\": executable file not found in $PATH");
  }

  private boolean isProgram(String file) {
    try {
      return files.mayExecute(file) && files.status(file).isRegular();
    } catch (KernelException e) {
      // It went away between the two looks.
      return false;
    }
  }
}
