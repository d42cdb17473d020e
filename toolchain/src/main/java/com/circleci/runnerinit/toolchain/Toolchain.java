package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds a GraalVM home with a native-image of version 25, or assembles one. */
public final class Toolchain {
  private static final int OK = 0;
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  private static final String HELP =
      """
      Usage: java Toolchain.java [--cache DIR] [--arch amd64|arm64] COMMAND

      Commands:
        home      print the GraalVM home to build with; assemble it when there is none
        key       print the key of the home that would be assembled
        describe  print versions and hashes of all that the home was made from

      GRAALVM_HOME is used when it has a native-image of version 25. The cache is --cache, else
      RUNNER_INIT_CACHE, else runner-init in XDG_CACHE_HOME or ~/.cache.
      """;

  private final Map<String, String> environment;
  private final PrintStream out;
  private final PrintStream err;

  Toolchain(Map<String, String> environment, PrintStream out, PrintStream err) {
    this.environment = Map.copyOf(requireNonNull(environment, "environment is null"));
    this.out = requireNonNull(out, "out is null");
    this.err = requireNonNull(err, "err is null");
  }

  public static void main(String[] args) {
    System.exit(new Toolchain(System.getenv(), System.out, System.err).run(List.of(args)));
  }

  int run(List<String> args) {
    try {
      return execute(new ArrayDeque<>(args));
    } catch (ToolchainException e) {
      err.println("toolchain: " + e.getMessage());
      e.details().lines().forEach(line -> err.println("  " + line));
      return FAILED;
    } catch (IOException e) {
      err.println("toolchain: " + e);
      return FAILED;
    } catch (Exception e) {
      e.printStackTrace(err);
      return FAILED;
    }
  }

  private int execute(ArrayDeque<String> args) throws Exception {
    Cache cache = Cache.ofUser(environment);
    Arch arch = Arch.ofThisMachine();
    Optional<String> command = Optional.empty();
    while (!args.isEmpty()) {
      String arg = args.removeFirst();
      switch (arg) {
        case "--cache" -> cache = new Cache(Path.of(value(arg, args)).toAbsolutePath());
        case "--arch" -> arch = Arch.named(value(arg, args));
        case "--help" -> {
          out.print(HELP);
          return OK;
        }
        case "home", "key", "describe" -> command = Optional.of(arg);
        default -> {
          err.println("toolchain: unknown argument '%s'; see --help".formatted(arg));
          return USAGE;
        }
      }
    }
    if (command.isEmpty()) {
      err.print(HELP);
      return USAGE;
    }
    execute(command.get(), cache, arch);
    return OK;
  }

  private void execute(String command, Cache cache, Arch arch) throws Exception {
    var progress = new Progress(err);
    Jdk jdk = Jdk.running();
    if (command.equals("key")) {
      out.println(CacheKey.of(ProgramFiles.locate(), jdk.checked(), arch));
      return;
    }
    // An installed one has libraries for its own machine alone.
    Optional<GraalVm> installed =
        arch.isForeign() ? Optional.empty() : GraalVm.installed(environment, jdk, progress);
    if (installed.isPresent()) {
      out.print(
          command.equals("home") ? installed.get().home() + "\n" : installed.get().describe());
      return;
    }
    Path home = new Assembly(ProgramFiles.locate(), jdk.checked(), arch, cache, progress).home();
    out.print(
        command.equals("home") ? home + "\n" : Files.readString(home.resolve(Description.FILE)));
  }

  private static String value(String option, ArrayDeque<String> args) {
    if (args.isEmpty()) {
      throw new ToolchainException(option + " needs a value");
    }
    return args.removeFirst();
  }
}
