package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The C sources of the JDK's native libraries, unpacked and made to fit JDK 25. */
record OpenJdkSource(Path folder) {
  private static final List<String> NEEDED =
      List.of(
          "*/src/java.base/*/native/*",
          "*/src/java.base/share/data/cacerts/*",
          "*/src/jdk.net/*/native/*",
          "*/src/hotspot/share/include/*",
          "*/src/hotspot/os/posix/include/*");

  private static final List<String> SYSTEMS = List.of("share", "unix", "linux");

  /** The image has its own of these, and they name functions that JDK 25's headers don't have. */
  private static final Set<String> REPLACED_BY_THE_IMAGE = Set.of("Class.c", "ConstantPool.c");

  private static final String FSTATAT =
      "JNIEXPORT jint JNICALL\nJava_sun_nio_fs_UnixNativeDispatcher_fstatat0(";

  private static final String FSTATAT_OF_25 =
      """

      JNIEXPORT void JNICALL
      Java_sun_nio_fs_UnixNativeDispatcher_fstatat0(JNIEnv* env, jclass this, jint dfd,
          jlong pathAddress, jint flag, jobject attrs)
      {
          jint error = fstatat_error(env, this, dfd, pathAddress, flag, attrs);
          if (error != 0 && !(*env)->ExceptionCheck(env)) {
              throwUnixException(env, error);
          }
      }
      """;

  OpenJdkSource {
    requireNonNull(folder, "folder is null");
  }

  static OpenJdkSource unpack(SourcePackage source, Path folder) throws IOException {
    source.extract(NEEDED, folder);
    var unpacked = new OpenJdkSource(folder);
    unpacked.adaptToJdk25();
    return unpacked;
  }

  /** The folders of a native library of a module: those that there are. */
  List<Path> folders(String module, String library) {
    return SYSTEMS.stream()
        .map(system -> nativeFolder(module, system).resolve(library))
        .filter(Files::isDirectory)
        .toList();
  }

  List<Path> sources(String module, String library) throws IOException {
    var sources = new ArrayList<Path>();
    for (Path libraryFolder : folders(module, library)) {
      Trees.files(libraryFolder, ".c").stream()
          .filter(file -> !REPLACED_BY_THE_IMAGE.contains(file.getFileName().toString()))
          .forEach(sources::add);
    }
    return sources;
  }

  List<Path> hotspotIncludes() {
    return List.of(
        folder.resolve("src/hotspot/share/include"),
        folder.resolve("src/hotspot/os/posix/include"));
  }

  Path rootCertificates() {
    return folder.resolve("src/java.base/share/data/cacerts");
  }

  private Path nativeFolder(String module, String system) {
    return folder.resolve("src").resolve(module).resolve(system).resolve("native");
  }

  /** From JDK 26 on, {@code fstatat0} returns the error that it throws in 25. */
  private void adaptToJdk25() throws IOException {
    Path file = nativeFolder("java.base", "unix").resolve("libnio/fs/UnixNativeDispatcher.c");
    String text = Files.readString(file);
    if (text.contains(FSTATAT)) {
      Files.writeString(file, text.replace(FSTATAT, "static jint\nfstatat_error(") + FSTATAT_OF_25);
    }
  }
}
