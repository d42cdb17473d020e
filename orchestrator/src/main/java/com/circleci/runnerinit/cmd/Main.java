package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.linux.ImageSyscalls;
import com.circleci.runnerinit.linux.JdkLibraries;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.Syscalls;
import com.circleci.runnerinit.log.LogEvent;
import java.util.List;

/** Where the executable begins. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    run(new ImageSyscalls());
  }

  /** The same on any binding: a JVM has one of its own. */
  static void run(Syscalls syscalls) {
    Thread.setDefaultUncaughtExceptionHandler(Main::print);
    Kernel kernel = Kernel.of(syscalls);
    // Not the arguments that the image's runtime has decoded, in which bytes are lost.
    List<String> words = kernel.processes().arguments();
    Program program = new Program(kernel, words.getFirst());
    kernel.processes().exit(program.run(words.subList(1, words.size())).status());
  }

  /** The JDK needs its libraries to write to standard error. */
  private static void print(Thread thread, Throwable failure) {
    JdkLibraries.load();
    System.err.println(
        "orchestrator: error: " + thread.getName() + ": " + LogEvent.inWords(failure));
  }
}
