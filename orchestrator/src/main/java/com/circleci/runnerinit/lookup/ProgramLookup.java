package com.circleci.runnerinit.lookup;

import com.circleci.runnerinit.linux.Files;
import com.circleci.runnerinit.linux.KernelException;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the file to execute for a program's name, by the rules of Go's os/exec. */
public final class ProgramLookup {
  private ProgramLookup() {}

  /**
   * The path of the program's file. A name with a slash is a path already, and is not looked at.
   *
   * @param path directories, separated by colons
   * @throws LookupException in the words of Go's os/exec; also when the first that is found lies
   *     below the current directory, which the task may fill
   */
  public static String find(Files files, Optional<String> path, String program)
      throws LookupException {
    if (program.isEmpty()) {
      throw new LookupException("exec: no command");
    }
    if (program.indexOf('/') >= 0) {
      return program;
    }
    String file =
        path.filter(directories -> !directories.isEmpty()).stream()
            .flatMap(directories -> Stream.of(directories.split(":", -1)))
            .map(directory -> (directory.isEmpty() ? "." : directory) + "/" + program)
            .filter(candidate -> isProgram(files, candidate))
            .findFirst()
            .orElseThrow(() -> notFound(program, "executable file not found in $PATH"));
    if (!file.startsWith("/")) {
      throw notFound(program, "cannot run executable found relative to current directory");
    }
    return file;
  }

  private static LookupException notFound(String program, String why) {
    return new LookupException("exec: \"" + program + "\": " + why);
  }

  private static boolean isProgram(Files files, String file) {
    try {
      return files.mayExecute(file) && files.status(file).isRegular();
    } catch (KernelException e) {
      // It went away between the two looks.
      return false;
    }
  }
}
