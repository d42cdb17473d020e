package com.circleci.runnerinit.task.resources;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.task.resources.MemoryShortage.ProcessSize;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** The processes that /proc shows. */
final class Processes {
  private static final int STATUS_BYTES = 4096;
  private static final int KIB = 1024;

  private final Kernel kernel;

  Processes(Kernel kernel) {
    this.kernel = requireNonNull(kernel, "kernel is null");
  }

  /** The one with the most resident memory, less this one; empty when /proc shows none. */
  Optional<ProcessSize> biggest() {
    Optional<ProcessSize> biggest = Optional.empty();
    String self = Integer.toString(kernel.processes().processId());
    for (String name : names()) {
      if (Character.isDigit(name.charAt(0)) && !name.equals(self)) {
        Optional<ProcessSize> size = size(name);
        if (size.isPresent()
            && (biggest.isEmpty() || size.get().resident() > biggest.get().resident())) {
          biggest = size;
        }
      }
    }
    return biggest;
  }

  private List<String> names() {
    try {
      return kernel.files().list("/proc");
    } catch (KernelException e) {
      return List.of();
    }
  }

  private Optional<ProcessSize> size(String process) {
    try {
      byte[] status = kernel.files().read("/proc/" + process + "/status", STATUS_BYTES);
      return parse(new String(status, StandardCharsets.UTF_8));
    } catch (KernelException e) {
      return Optional.empty(); // it has ended meanwhile
    }
  }

  /** Parses the text of {@code /proc/PID/status}; empty for a zombie, which has no memory. */
  static Optional<ProcessSize> parse(String status) {
    Optional<String> name = value(status, "Name:");
    Optional<Long> resident =
        value(status, "VmRSS:")
            .map(text -> text.replace(" kB", ""))
            .flatMap(Processes::number)
            .filter(kibibytes -> kibibytes >= 0);
    return name.isPresent() && resident.isPresent()
        ? Optional.of(new ProcessSize(name.get(), resident.get() * KIB))
        : Optional.empty();
  }

  private static Optional<String> value(String status, String key) {
    return status
        .lines()
        .filter(line -> line.startsWith(key))
        .map(line -> line.substring(key.length()).strip())
        .findFirst();
  }

  private static Optional<Long> number(String text) {
    try {
      return Optional.of(Long.parseLong(text));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }
}
