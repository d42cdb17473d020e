package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Debian's packages that have to be installed: the C compiler, musl and what unpacks sources. */
final class DebianPackages {
  private static final Path DPKG_QUERY = Path.of("/usr/bin/dpkg-query");

  private static final List<String> NEEDED =
      List.of(
          "binutils",
          "bzip2",
          "debian-archive-keyring",
          "gcc",
          "libc6-dev",
          "linux-libc-dev",
          "musl-dev",
          "musl-tools",
          "xz-utils");

  private final Progress progress;
  private final List<String> needed;

  DebianPackages(Arch arch, Progress progress) {
    needed = Stream.concat(NEEDED.stream(), forForeign(arch)).toList();
    this.progress = requireNonNull(progress, "progress is null");
  }

  /** A cross compiler, the kernel's headers, and QEMU for the builder's questions to C. */
  private static Stream<String> forForeign(Arch arch) {
    return arch.isForeign()
        ? Stream.of(
            "gcc-" + arch.multiarch(),
            "linux-libc-dev-" + arch.debianName() + "-cross",
            "qemu-user-static")
        : Stream.empty();
  }

  /** Installs what is missing when it may; else fails with the command to run. */
  void ensureInstalled() throws Exception {
    List<String> missing = missing();
    if (missing.isEmpty()) {
      return;
    }
    String names = String.join(" ", missing);
    if (!isRoot()) {
      throw new ToolchainException(
          "missing Debian packages; run: sudo apt-get update && sudo apt-get install -y " + names);
    }
    progress.step("installed " + names, () -> install(missing));
  }

  List<String> missing() {
    if (!Files.isExecutable(DPKG_QUERY)) {
      throw new ToolchainException(
          "a GraalVM home can be assembled only on Debian: set GRAALVM_HOME to a GraalVM %d"
              .formatted(Jdk.FEATURE_VERSION));
    }
    Map<String, String> installed = versions();
    return needed.stream().filter(name -> !installed.containsKey(name)).toList();
  }

  /** The installed version of each package. */
  Map<String, String> versions() {
    var versions = new TreeMap<String, String>();
    var query = new ArrayList<>(List.of(DPKG_QUERY.toString(), "-W", "-f"));
    query.add("${Package} ${Version} ${db:Status-Status}\\n");
    query.addAll(needed);
    // dpkg-query fails when it doesn't know one of them, and lists the others.
    for (String line : Command.of(query).tryRun().output().lines().toList()) {
      String[] fields = line.split(" ", -1);
      if (fields.length == 3 && fields[2].equals("installed")) {
        versions.put(fields[0], fields[1]);
      }
    }
    return versions;
  }

  private static List<String> install(List<String> names) {
    var install = new ArrayList<>(List.of("apt-get", "install", "-y", "--no-install-recommends"));
    // Another program may be installing something.
    install.addAll(List.of("-o", "DPkg::Lock::Timeout=300"));
    install.addAll(names);
    Command command = Command.of(install).with("DEBIAN_FRONTEND", "noninteractive");
    // The machine's lists may be missing or too old to find the files.
    if (!command.tryRun().succeeded()) {
      Command.of("apt-get", "update").run();
      command.run();
    }
    return names;
  }

  private static boolean isRoot() {
    return Command.of("id", "-u").run().strip().equals("0");
  }
}
