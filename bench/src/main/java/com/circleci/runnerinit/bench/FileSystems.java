package com.circleci.runnerinit.bench;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * File systems to copy on, each of a size of its own. {@code measure alone} has made a mount
 * namespace, with which they end.
 */
final class FileSystems {
  private static final String BYTES = "700M";

  private final Lab lab;
  private final Path folder;
  private final Map<String, Optional<Copies>> mounted = new TreeMap<>();

  FileSystems(Lab lab, Path folder) {
    this.lab = requireNonNull(lab, "lab is null");
    this.folder = requireNonNull(folder, "folder is null");
  }

  /** Nothing, and a line that says why, where this machine can't have it. */
  Optional<Copies> copies(String type) {
    return mounted.computeIfAbsent(type, this::mount);
  }

  private Optional<Copies> mount(String type) {
    var at = folder.resolve(type);
    try {
      Files.createDirectories(at);
      if (type.equals("tmpfs")) {
        Machine.run(List.of("mount", "-t", type, "-o", "size=" + BYTES, type, at.toString()));
      } else {
        var image = folder.resolve(type + ".image");
        Files.deleteIfExists(image);
        Machine.run(List.of("truncate", "--size", BYTES, image.toString()));
        Machine.run(List.of("mkfs." + type, "-q", image.toString()));
        Machine.run(List.of("mount", "-o", "loop", image.toString(), at.toString()));
        // It lives for as long as it is mounted.
        Files.delete(image);
      }
    } catch (BenchException e) {
      System.err.println("bench: nothing is measured on " + type + ": " + e.getMessage());
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Optional.of(new Copies(lab, at));
  }
}
