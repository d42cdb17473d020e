package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A Debian source package in a folder of its own, as downloaded: its .dsc and what that names. */
record SourcePackage(String name, String version, Path folder) {
  SourcePackage {
    requireNonNull(name, "name is null");
    requireNonNull(version, "version is null");
    requireNonNull(folder, "folder is null");
  }

  /** The folder's name tells what is in it. */
  static SourcePackage in(Path folder) {
    String[] parts = folder.getFileName().toString().split("_", 2);
    return new SourcePackage(parts[0], parts[1], folder);
  }

  /** File names have the version without its epoch. */
  static String folderName(String name, String version) {
    return name + "_" + version.substring(version.indexOf(':') + 1);
  }

  /** The upstream archive: what the authors released, without Debian's changes. */
  Path archive() throws IOException {
    return only(
        Trees.files(folder).stream()
            .filter(file -> file.getFileName().toString().contains(".orig.tar."))
            .filter(file -> !file.toString().endsWith(".asc"))
            .toList());
  }

  Path description() throws IOException {
    return only(Trees.files(folder, ".dsc"));
  }

  /** Fails unless the archive is the one that the .dsc names. */
  SourcePackage checked() throws IOException {
    Path archive = archive();
    String expected =
        sha256Sums(Files.readAllLines(description()))
            .getOrDefault(archive.getFileName().toString(), "not listed");
    String found = Sha256.of(archive);
    if (!found.equals(expected)) {
      throw new ToolchainException(
          "%s is damaged: its .dsc says SHA-256 %s, it has %s; delete %s and run again"
              .formatted(archive.getFileName(), expected, found, folder));
    }
    return this;
  }

  void extract(List<String> wildcards, Path into) throws IOException {
    Files.createDirectories(into);
    var tar = new ArrayList<String>();
    tar.addAll(List.of("tar", "-xf", archive().toString(), "-C", into.toString()));
    tar.addAll(List.of("--strip-components=1", "--no-same-owner", "--wildcards"));
    tar.addAll(wildcards);
    Command.of(tar).run();
  }

  /** The file names and hashes of a .dsc. */
  static Map<String, String> sha256Sums(List<String> lines) {
    var sums = new TreeMap<String, String>();
    boolean inside = false;
    for (String line : lines) {
      if (!line.startsWith(" ")) {
        inside = line.equals("Checksums-Sha256:");
      } else if (inside) {
        String[] fields = line.strip().split(" +", 3);
        sums.put(fields[2], fields[0]);
      }
    }
    return sums;
  }

  private Path only(List<Path> files) {
    if (files.size() != 1) {
      throw new ToolchainException(
          "expected one file of its kind in %s, found %s".formatted(folder, files));
    }
    return files.getFirst();
  }
}
