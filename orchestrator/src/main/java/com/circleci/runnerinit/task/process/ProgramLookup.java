package com.circleci.runnerinit.task.process;

import com.circleci.runnerinit.linux.Files;
import com.circleci.runnerinit.linux.KernelException;
import java.util.Optional;

/** Finds the file to execute for a program's name, by the rules of execvp(3). */
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
   * @throws ProgramNotFoundException in the words of Go's os/exec
   */
  public String find(String program) throws ProgramNotFoundException {
    if (program.isEmpty()) {
      throw new ProgramNotFoundException("exec: no command");
    }
    if (program.indexOf('/') >= 0) {
      return program;
    }
    // An empty element would be the current directory, from which nothing is ever run by name.
    for (String directory : path.split(":", -1)) {
      String candidate = directory + "/" + program;
      if (!directory.isEmpty() && isProgram(candidate)) {
        return candidate;
      }
    }
    throw new ProgramNotFoundException(
        "exec: \"" + program + "\": executable file not found in $PATH");
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
