package com.circleci.runnerinit.toolchain.driver;

import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The options of native-image that stand for options of the image builder. */
final class StandardOptions {
  /** Marks what a user said with a standard option, which the builder takes without a warning. */
  private static final String ORIGIN = "@user+api";

  /** Asks for an executable that needs nothing of the system it runs on. */
  static final List<String> STATIC_WITH_MUSL =
      List.of(on("StaticExecutable"), option("UseLibC", "musl"));

  private static final Map<String, String> SWITCHES =
      Map.ofEntries(
          Map.entry("--auto-fallback", option("FallbackThreshold", "5")),
          Map.entry("--enable-all-security-services", on("EnableAllSecurityServices")),
          Map.entry("--enable-http", option("EnableURLProtocols", "http")),
          Map.entry("--enable-https", option("EnableURLProtocols", "https")),
          Map.entry("--exact-reachability-metadata", option("ThrowMissingRegistrationErrors", "")),
          Map.entry("--force-fallback", option("FallbackThreshold", "10")),
          Map.entry("--gc=epsilon", on("UseEpsilonGC")),
          Map.entry("--gc=serial", on("UseSerialGC")),
          Map.entry("--initialize-at-build-time", initialize("", "build_time")),
          Map.entry("--install-exit-handlers", on("InstallExitHandlers")),
          Map.entry("--link-at-build-time", option("LinkAtBuildTime", "")),
          Map.entry("--no-fallback", option("FallbackThreshold", "0")),
          Map.entry("--shared", on("SharedLibrary")),
          Map.entry("--silent", on("BuildOutputSilent")),
          Map.entry("--static", on("StaticExecutable")),
          Map.entry("--static-nolibc", on("StaticExecutableWithDynamicLibC")),
          Map.entry("-g", option("GenerateDebugInfo", "2")));

  /** Options with a value after an equals sign. */
  private static final Map<String, String> VALUES =
      Map.ofEntries(
          Map.entry("--color", "Color"),
          Map.entry("--enable-monitoring", "EnableMonitoringFeatures"),
          Map.entry("--enable-url-protocols", "EnableURLProtocols"),
          Map.entry("--exact-reachability-metadata", "ThrowMissingRegistrationErrors"),
          Map.entry("--features", "Features"),
          Map.entry("--future-defaults", "FutureDefaults"),
          Map.entry("--libc", "UseLibC"),
          Map.entry("--link-at-build-time", "LinkAtBuildTime"),
          Map.entry("--native-compiler-options", "CCompilerOption"),
          Map.entry("--native-compiler-path", "CCompilerPath"),
          Map.entry("--parallelism", "NumberOfThreads"),
          Map.entry("--target", "TargetPlatform"),
          Map.entry("--trace-object-instantiation", "TraceObjectInstantiation"),
          Map.entry("-march", "MicroArchitecture"));

  /** Options with a value in the next argument or after an equals sign. */
  private static final Map<String, String> SEPARATE_VALUES =
      Map.of(
          "--add-exports", "AddExports",
          "--add-opens", "AddOpens",
          "--add-reads", "AddReads",
          "--enable-native-access", "EnableNativeAccess");

  private static final Set<String> OPTIMIZATIONS = Set.of("s", "b", "0", "1", "2", "3");

  private StandardOptions() {}

  /** The builder's options for this argument, if it is a standard option that needs no other. */
  static Optional<List<String>> translate(String arg) {
    if (SWITCHES.containsKey(arg)) {
      return Optional.of(List.of(SWITCHES.get(arg)));
    }
    if (arg.startsWith("-O") && OPTIMIZATIONS.contains(arg.substring(2))) {
      return Optional.of(List.of(option("Optimize", arg.substring(2))));
    }
    int equals = arg.indexOf('=');
    if (equals < 0) {
      return Optional.empty();
    }
    String name = arg.substring(0, equals);
    String value = arg.substring(equals + 1);
    return switch (name) {
      case "--initialize-at-build-time" -> Optional.of(List.of(initialize(value, "build_time")));
      case "--initialize-at-run-time" -> Optional.of(List.of(initialize(value, "run_time")));
      default ->
          Optional.ofNullable(VALUES.get(name)).map(option -> List.of(option(option, value)));
    };
  }

  /** The builder's option for one whose value may be the next argument. */
  static Optional<String> withSeparateValue(String name) {
    return Optional.ofNullable(SEPARATE_VALUES.get(name));
  }

  static String option(String name, String value) {
    return "-H:" + name + ORIGIN + "=" + value;
  }

  private static String on(String name) {
    return "-H:+" + name + ORIGIN;
  }

  private static String initialize(String classes, String when) {
    String value =
        Stream.of(classes.split(",", -1)).map(name -> name + ":" + when).collect(joining(","));
    return option("ClassInitialization", value);
  }
}
