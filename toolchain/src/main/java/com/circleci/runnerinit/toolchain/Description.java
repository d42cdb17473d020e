package com.circleci.runnerinit.toolchain;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a home was made from: versions and hashes, one a line, as a provenance needs them. */
final class Description {
  static final String FILE = "toolchain.properties";

  private final SortedMap<String, String> values = new TreeMap<>();

  Description put(String name, String value) {
    values.put(name, value);
    return this;
  }

  Description putAll(String prefix, Map<String, String> more) {
    more.forEach((name, value) -> put(prefix + name, value));
    return this;
  }

  Description putFile(String name, Path file) throws IOException {
    return put(name + ".file", file.getFileName().toString())
        .put(name + ".sha256", Sha256.of(file));
  }

  Description putSource(String name, SourcePackage source) throws IOException {
    return put(name + ".package", source.name())
        .put(name + ".version", source.version())
        .putFile(name + ".archive", source.archive())
        .putFile(name + ".dsc", source.description());
  }

  void write(Path home) throws IOException {
    Files.writeString(home.resolve(FILE), toString());
  }

  @Override
  public String toString() {
    return values.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + entry.getValue() + "\n")
        .collect(joining());
  }
}
