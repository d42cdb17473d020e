package com.circleci.runnerinit.cmd;

import com.circleci.runnerinit.linux.ForeignSyscalls;

/** Where the program begins on a JVM, behind launcher.c. */
final class JvmMain {
  private JvmMain() {}

  public static void main(String[] arguments) {
    Main.run(new ForeignSyscalls());
  }
}
