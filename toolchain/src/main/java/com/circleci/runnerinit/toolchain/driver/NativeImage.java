package com.circleci.runnerinit.toolchain.driver;

import static java.util.Objects.requireNonNull;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The native-image command of an assembled home: standard options in, the image builder run. */
public final class NativeImage {
  private static final int USAGE = 2;

  private static final String HELP =
      """
      Usage: native-image [OPTIONS] MAIN-CLASS [IMAGE-NAME]
             native-image [OPTIONS] -jar FILE

        -cp, -classpath, --class-path PATH    where the program's classes are
        -o PATH                               the executable to write
        --static, --libc=musl                 link everything, musl too, into the executable
        -Os, -Ob, -O0, -O1, -O2, -O3          optimize for size, for a quick build, or by level
        -march=TYPE                           the oldest CPU it runs on, such as x86-64-v2
        --gc=serial, --gc=epsilon             the garbage collector
        --no-fallback                         fail rather than make an image that needs a JVM
        --shared                              make a library instead
        --features=CLASSES                    features that take part in the build
        --initialize-at-build-time[=NAMES]    classes and packages to initialize in the build
        --initialize-at-run-time=NAMES        and when the program runs
        --link-at-build-time[=NAMES]          classes that must be complete in the build
        --enable-url-protocols=NAMES          protocols of java.net.URL
        --enable-http, --enable-https         the same for http and https
        --add-exports, --add-opens, --add-reads, --add-modules, --limit-modules,
        --enable-native-access                as for java
        --exclude-config ENTRY RESOURCE       configuration to leave out, by regular expressions
        --native-compiler-path=, --native-compiler-options=, --parallelism=, --color=, --silent, -g
        -DNAME=VALUE, -JOPTION                for the JVM that builds
        -H:OPTION, -R:OPTION                  for the image builder, and the executable's defaults
        @FILE                                 more options in a file
        --verbose                             print the builder's command
        --version, --help
      """;

  private final BuilderHome home;
  private final PrintStream out;
  private final PrintStream err;

  NativeImage(BuilderHome home, PrintStream out, PrintStream err) {
    this.home = requireNonNull(home, "home is null");
    this.out = requireNonNull(out, "out is null");
    this.err = requireNonNull(err, "err is null");
  }

  /** The first argument is the assembled home, given by its {@code bin/native-image}. */
  public static void main(String[] args) throws Exception {
    var home = new BuilderHome(Path.of(args[0]));
    List<String> options = List.of(args).subList(1, args.length);
    System.exit(new NativeImage(home, System.out, System.err).run(options));
  }

  int run(List<String> args) throws IOException, InterruptedException {
    try {
      List<String> options = ArgumentFiles.expand(args);
      if (options.contains("--help")) {
        out.print(HELP);
        return 0;
      }
      if (options.contains("--version")) {
        out.println("native-image " + home.version());
        out.println("assembled from the image builder's jars, on Java " + home.javaVersion());
        return 0;
      }
      return build(ImageRequestParser.parse(options));
    } catch (UsageException e) {
      err.println("native-image: " + e.getMessage());
      return USAGE;
    }
  }

  private int build(ImageRequest request) throws IOException, InterruptedException {
    if (!request.isStaticWithMusl()) {
      throw new UsageException(
          "this GraalVM was assembled without libraries for other than --static --libc=musl");
    }
    for (Path entry : request.classPath()) {
      if (!Files.exists(entry)) {
        throw new UsageException("no such file or folder on the class path: " + entry);
      }
    }
    if (!Files.isDirectory(request.outputFolder())) {
      throw new UsageException("no such folder for the executable: " + request.outputFolder());
    }
    List<String> arguments = new BuilderCommand(home, request, physicalMemory()).arguments();
    if (request.verbose()) {
      out.println(home.java() + " \\\n  " + String.join(" \\\n  ", arguments));
    }
    Path temporary = Files.createTempDirectory("native-image");
    try {
      return run(arguments, temporary);
    } finally {
      delete(temporary);
    }
  }

  private int run(List<String> arguments, Path temporary) throws IOException, InterruptedException {
    // In a file, because a class path may be longer than a command line.
    List<String> lines = arguments.stream().map(ArgumentFiles::quoted).toList();
    Path file = Files.write(temporary.resolve("builder.args"), lines);
    var builder =
        new ProcessBuilder(home.java().toString(), "@" + home.exports(), "@" + file).inheritIO();
    Map<String, String> environment = builder.environment();
    environment.put("JVMCI_VERSION_CHECK", "ignore");
    environment.put("NATIVE_IMAGE_DRIVER_TEMP_DIR", temporary.toString());
    Process process = builder.start();
    var end = new Thread(process::destroy);
    Runtime.getRuntime().addShutdownHook(end);
    int exitCode = process.waitFor();
    Runtime.getRuntime().removeShutdownHook(end);
    return exitCode;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private static long physicalMemory() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }
}
