package com.circleci.runnerinit.bench;

import com.circleci.runnerinit.testing.Command;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What it was measured on. */
final class Machine {
  private Machine() {}

  static Map<String, String> describe(Path folder, int runs) throws IOException {
    var machine = new LinkedHashMap<String, String>();
    machine.put("date", LocalDate.now(ZoneOffset.UTC).toString());
    machine.put("CPU", field("/proc/cpuinfo", "model name").orElse("unknown"));
    machine.put("cores", Integer.toString(Runtime.getRuntime().availableProcessors()));
    machine.put("memory", field("/proc/meminfo", "MemTotal").orElse("unknown"));
    machine.put("kernel", Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip());
    machine.put(
        "system", field("/etc/os-release", "PRETTY_NAME").orElse("unknown").replace("\"", ""));
    machine.put("peers", versions("tini", "dumb-init", "catatonit", "coreutils"));
    machine.put("control groups", "version " + ControlGroup.version());
    machine.put("file system of the programs", Files.getFileStore(folder).type());
    machine.put(
        "load before", Files.readString(Path.of("/proc/loadavg")).replaceFirst("(?s) .*", ""));
    machine.put("runs", Integer.toString(runs));
    return machine;
  }

  /** Of Debian packages. */
  private static String versions(String... packages) {
    var command = new ArrayList<>(List.of("dpkg-query", "-W", "-f", "${Package} ${Version}, "));
    command.addAll(List.of(packages));
    return Command.run(Path.of("").toAbsolutePath(), Map.of(), command)
        .output()
        .replaceFirst(", $", "");
  }

  /**
   * Runs one of its programs to the end.
   *
   * @throws BenchException with what it said, if it fails or is not there
   */
  static void run(List<String> command) {
    try {
      var done = Command.run(Path.of("").toAbsolutePath(), Map.of(), command);
      if (done.status() != 0) {
        throw new BenchException(String.join(" ", command) + ": " + done.output().strip());
      }
    } catch (UncheckedIOException e) {
      throw new BenchException(String.valueOf(e.getMessage()));
    }
  }

  private static Optional<String> field(String file, String name) throws IOException {
    return Files.readAllLines(Path.of(file)).stream()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()).replaceFirst("^\\s*[:=]\\s*", "").strip())
        .findFirst();
  }
}
