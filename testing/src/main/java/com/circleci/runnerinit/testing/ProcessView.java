package com.circleci.runnerinit.testing;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A process as proc(5) shows it to the host. Everything is empty once the process has gone. */
public record ProcessView(long pid) {
  private static final Path PROC = Path.of("/proc");

  public Optional<ProcessStat> stat() {
    return read("stat").flatMap(ProcessStat::parse);
  }

  public boolean isAlive() {
    return stat().filter(stat -> !stat.isZombie()).isPresent();
  }

  /** NUL-separated, as the kernel has it. */
  public String commandLine() {
    return read("cmdline").orElse("");
  }

  /** NUL-separated, as the kernel has it. */
  public String environment() {
    return read("environ").orElse("");
  }

  public Optional<Path> executable() {
    return link("exe");
  }

  public Optional<String> pidNamespace() {
    return link("ns/pid").map(Path::toString);
  }

  /** What one of its descriptors stands for: a path, or such as {@code pipe:[4711]}. */
  public Optional<String> descriptor(int number) {
    return link("fd/" + number).map(Path::toString);
  }

  /** What it has mapped, resident or not, in bytes: VmSize is what RLIMIT_AS bounds. */
  public long mappedBytes(String figure) {
    return statusKilobytes(figure + ":") * 1024;
  }

  /** Of its own memory and what it has mapped, in bytes. */
  public long residentBytes() {
    return statusKilobytes("VmRSS:") * 1024;
  }

  /** The most that {@link #residentBytes} ever was. */
  public long peakResidentBytes() {
    return statusKilobytes("VmHWM:") * 1024;
  }

  public long anonymousBytes() {
    return statusKilobytes("RssAnon:") * 1024;
  }

  public int openDescriptors() {
    return names(folder().resolve("fd")).size();
  }

  /** What each of its descriptors is, by number, such as {@code pipe} or {@code [signalfd]}. */
  public Map<Integer, String> descriptors() {
    var descriptors = new TreeMap<Integer, String>();
    for (var number : names(folder().resolve("fd"))) {
      link("fd/" + number)
          .ifPresent(target ->
              descriptors.put(
                  Integer.parseInt(number),
                  target.toString().replaceAll("^anon_inode:|:\\[\\d+\\]$", "")));
    }
    return descriptors;
  }

  /** In user and kernel mode, of all its threads, to 10 ms. */
  public Duration cpuTime() {
    return stat().map(ProcessStat::cpuTime).orElse(Duration.ZERO);
  }

  /** Whether the signal would stay pending if it came now, for its first thread. */
  public boolean blocks(Signal signal) {
    return read("status").stream()
        .flatMap(String::lines)
        .filter(line -> line.startsWith("SigBlk:"))
        .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
        .anyMatch(blocked -> (blocked >>> (signal.number() - 1) & 1) == 1);
  }

  /** Whether as many are pending for processes of its user as may be. */
  public boolean queuesNoMoreSignals() {
    return read("status").stream()
        .flatMap(String::lines)
        .anyMatch(line -> line.matches("SigQ:\\s+(\\d+)/\\1"));
  }

  /** A line for each thread: what it is, and where in the kernel it waits. */
  public String describe() {
    var text = new StringBuilder();
    for (var thread : names(folder().resolve("task"))) {
      var stat = read("task/" + thread + "/stat").flatMap(ProcessStat::parse);
      var place = read("task/" + thread + "/wchan").orElse("");
      var command = commandLine().replace('\0', ' ');
      stat.ifPresent(it ->
          text.append(
              "%s/%s %s %s %s %s%n".formatted(pid, thread, it.state(), it.name(), place, command)));
    }
    return text.toString();
  }

  /** Those of all its threads, zombies too. */
  public List<ProcessView> children() {
    return tree().stream()
        .filter(process -> process.stat().filter(stat -> stat.parent() == pid).isPresent())
        .toList();
  }

  /** Itself and all below it. In a PID namespace nothing escapes from under the first process. */
  public List<ProcessView> tree() {
    return Machine.current().tree(pid).stream().map(ProcessView::new).toList();
  }

  /** Every process there is on the machine. */
  public static List<ProcessView> all() {
    return names(PROC).stream()
        .filter(name -> Character.isDigit(name.charAt(0)))
        .map(name -> new ProcessView(Long.parseLong(name)))
        .toList();
  }

  private long statusKilobytes(String field) {
    return read("status").stream()
        .flatMap(String::lines)
        .filter(line -> line.startsWith(field))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }

  private Path folder() {
    return PROC.resolve(Long.toString(pid));
  }

  private Optional<String> read(String file) {
    return Machine.current().read(folder().resolve(file));
  }

  private Optional<Path> link(String file) {
    return Machine.current().link(folder().resolve(file));
  }

  private static List<String> names(Path folder) {
    return Machine.current().names(folder);
  }
}
