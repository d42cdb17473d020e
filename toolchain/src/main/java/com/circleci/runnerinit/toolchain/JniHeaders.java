package com.circleci.runnerinit.toolchain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;

/** The C headers of the JDK's native methods, made from the Java sources that come with the JDK. */
record JniHeaders(Jdk jdk, Path work) {
  private static final Pattern HAS_NATIVE = Pattern.compile("\\bnative\\b|@Native\\b");

  JniHeaders {
    requireNonNull(jdk, "jdk is null");
    requireNonNull(work, "work is null");
  }

  /** Writes the headers of the modules to the folder. */
  void generate(List<String> modules, Path folder) throws IOException {
    Path sources = work.resolve("src");
    for (String module : modules) {
      List<Path> withNatives = unpack(module, sources);
      var javac = new ArrayList<String>();
      javac.addAll(List.of(jdk.program("javac").toString(), "-proc:none", "-nowarn"));
      javac.addAll(List.of("-implicit:none", "-encoding", "UTF-8"));
      javac.add("--patch-module=" + module + "=" + sources.resolve(module));
      javac.addAll(List.of("-h", folder.toString(), "-d", work.resolve("classes").toString()));
      withNatives.forEach(file -> javac.add(file.toString()));
      Command.of(javac).run();
    }
  }

  private List<Path> unpack(String module, Path sources) throws IOException {
    var withNatives = new ArrayList<Path>();
    try (var zip = new ZipFile(jdk.sources().toFile())) {
      for (var entry : zip.stream().filter(entry -> isSource(entry.getName(), module)).toList()) {
        String text = new String(zip.getInputStream(entry).readAllBytes(), UTF_8);
        Path file = sources.resolve(entry.getName()).normalize();
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        if (HAS_NATIVE.matcher(text).find()) {
          withNatives.add(file);
        }
      }
    }
    return withNatives;
  }

  private static boolean isSource(String name, String module) {
    return name.startsWith(module + "/") && name.endsWith(".java");
  }
}
