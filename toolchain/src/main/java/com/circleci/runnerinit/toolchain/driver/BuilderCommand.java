package com.circleci.runnerinit.toolchain.driver;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The command that runs the image builder for a request. */
record BuilderCommand(BuilderHome home, ImageRequest request, long physicalMemory) {
  private static final String MAIN_CLASS =
      "org.graalvm.nativeimage.builder/com.oracle.svm.hosted.NativeImageGeneratorRunner";

  /** More does not make these builds faster, and the machine has other things to do. */
  private static final long LARGEST_HEAP = 6L << 30;

  BuilderCommand {
    requireNonNull(home, "home is null");
    requireNonNull(request, "request is null");
  }

  /** All the arguments after {@code java}. */
  List<String> arguments() throws IOException {
    ClassPathConfiguration configuration =
        ClassPathConfiguration.of(request.classPath(), request.exclusions());
    var arguments = new ArrayList<String>();
    arguments.addAll(virtualMachine());
    // The user's come last: of two, the JVM takes the later one.
    arguments.addAll(configuration.javaOptions());
    arguments.addAll(request.javaOptions());
    arguments.add("--module");
    arguments.add(MAIN_CLASS);
    arguments.add("-imagecp");
    arguments.add(joined(request.classPath().stream().map(Path::toAbsolutePath).toList()));
    arguments.addAll(image());
    arguments.addAll(configuration.options());
    arguments.addAll(request.builderOptions());
    return arguments;
  }

  private List<String> virtualMachine() throws IOException {
    String[] platform = home.platform().split("-", 2);
    return List.of(
        "-XX:+UnlockExperimentalVMOptions",
        "-XX:+EnableJVMCI",
        "-XX:-UseJVMCICompiler",
        "-XX:+UseParallelGC",
        "-Xss10m",
        "-Xmx" + Math.min(LARGEST_HEAP, physicalMemory * 3 / 5),
        "-Xshare:off",
        "-Djava.system.class.loader=com.oracle.svm.hosted.NativeImageSystemClassLoader",
        "-Dorg.graalvm.nativeimage.imagecode=buildtime",
        "-Dcom.oracle.graalvm.isaot=true",
        "-Dorg.graalvm.vendor=runner-init",
        "-Dorg.graalvm.version=" + home.version(),
        "-Dorg.graalvm.vendorversion=runner-init " + home.version(),
        "-Djdk.internal.lambda.disableEagerInitialization=true",
        "-Dsvm.targetPlatformOS=" + platform[0],
        "-Dsvm.targetPlatformArch=" + platform[1],
        "-Djava.awt.headless=true",
        "-Dfile.encoding=UTF-8",
        "--add-modules=ALL-DEFAULT",
        "--enable-native-access=org.graalvm.nativeimage.builder",
        "--upgrade-module-path",
        joined(home.upgradeModules()),
        "--module-path",
        joined(home.builderModules()));
  }

  private List<String> image() throws IOException {
    var image = new ArrayList<String>();
    image.add(StandardOptions.option("Path", request.outputFolder().toString()));
    image.add(StandardOptions.option("Name", request.outputFile().getFileName().toString()));
    request.mainClass().ifPresent(name -> image.add(StandardOptions.option("Class", name)));
    image.add("-H:CLibraryPath@driver=" + home.cLibraries());
    image.add("-H:CCompilerPath@driver=" + home.muslCompiler());
    if (Files.isDirectory(home.capCache())) {
      image.add("-H:+UseCAPCache@driver");
      image.add("-H:CAPCacheDir@driver=" + home.capCache());
    }
    image.add("-H:ImageBuildID@driver=" + UUID.randomUUID());
    // Needs a library of HotSpot's C++ that is not made here; a -H: option turns it on again.
    image.add("-H:-UseContainerSupport@driver");
    return image;
  }

  private static String joined(List<Path> paths) {
    return paths.stream().map(Path::toString).collect(joining(File.pathSeparator));
  }
}
