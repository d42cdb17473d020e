package com.circleci.runnerinit.acceptance.harness;

import com.circleci.runnerinit.testing.ProcessView;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** A PID namespace, held open so that no later one gets its number. */
record PidNamespace(String name, FileInputStream hold) implements Closeable {

  static Optional<PidNamespace> of(ProcessView process) {
    try {
      var hold = new FileInputStream("/proc/%d/ns/pid".formatted(process.pid()));
      return process.pidNamespace().map(name -> new PidNamespace(name, hold));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  List<ProcessView> processes() {
    return ProcessView.all().stream()
        .filter(process -> process.pidNamespace().equals(Optional.of(name)))
        .toList();
  }

  @Override
  public void close() {
    try {
      hold.close();
    } catch (IOException _) {
      // Nothing is lost.
    }
  }
}
