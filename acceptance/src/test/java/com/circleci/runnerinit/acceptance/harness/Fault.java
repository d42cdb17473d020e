package com.circleci.runnerinit.acceptance.harness;

import java.util.ArrayList;
import java.util.List;

/**
 * An error that strace(1) puts in the place of a system call, which then does not happen.
 *
 * @param error its name, such as EMFILE
 * @param when which of each thread's calls, in the words of strace: {@code 3}, {@code 1+} or {@code
 *     1+2}
 * @param paths the calls that name one of these, or a descriptor of it, are meant and counted; all
 *     when there is none
 */
public record Fault(String systemCall, String error, String when, List<String> paths) {
  public Fault {
    paths = List.copyOf(paths);
  }

  List<String> options() {
    var options = new ArrayList<String>();
    options.add("--inject=%s:error=%s:when=%s".formatted(systemCall, error, when));
    paths.forEach(path -> options.addAll(List.of("--trace-path", path)));
    return options;
  }
}
