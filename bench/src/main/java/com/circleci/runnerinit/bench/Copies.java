package com.circleci.runnerinit.bench;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.bench.Contestant.Start;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** {@code init} against cp. The source is in the page cache, the destination new. */
final class Copies {
  private static final int PIECE = 1 << 20;
  private static final List<String> NAMES = List.of("orchestrator", "circleci-agent");

  private final Lab lab;
  private final Path folder;
  private final Path source;
  private final Path destination;
  private long prepared = -1;

  /**
   * @param folder where copies are made, so that its file system counts
   */
  Copies(Lab lab, Path folder) {
    this.lab = requireNonNull(lab, "lab is null");
    this.folder = requireNonNull(folder, "folder is null");
    source = folder.resolve("source");
    destination = folder.resolve("destination");
  }

  /** Files of these sizes, unless they are there. */
  void prepareOnce(long first, long second) {
    if (first + second == prepared) {
      return;
    }
    prepared = first + second;
    clear(source);
    fill(source.resolve(NAMES.getFirst()), first);
    fill(source.resolve(NAMES.getLast()), second);
    syncAll();
  }

  void remove() {
    clear(source);
    clear(destination);
    delete(source);
    delete(destination);
  }

  Map<String, Experiment.Trial> trials(boolean limited) {
    var trials = new LinkedHashMap<String, Experiment.Trial>();
    lab.orchestrators()
        .forEach(it ->
            trials.put(
                it.name(),
                () ->
                    copy(
                        limited,
                        new Start(
                            List.of(
                                it.program().toString(),
                                "init",
                                source.toString(),
                                destination.toString()),
                            Map.of()))));
    trials.put(
        "cp",
        () ->
            copy(
                limited,
                new Start(
                    List.of(
                        "/bin/cp",
                        source.resolve(NAMES.getFirst()).toString(),
                        source.resolve(NAMES.getLast()).toString(),
                        destination.toString()),
                    Map.of())));
    return trials;
  }

  private Map<String, Double> copy(boolean limited, Start start) {
    clear(destination);
    syncAll();
    return limited ? lab.runLimited(start) : lab.run(start);
  }

  private static void fill(Path file, long bytes) {
    var random = new Random(1);
    var piece = new byte[PIECE];
    random.nextBytes(piece);
    try (var out = Files.newOutputStream(file)) {
      for (var left = bytes; left > 0; left -= PIECE) {
        out.write(piece, 0, (int) Math.min(PIECE, left));
      }
      if (!file.toFile().setExecutable(true)) {
        throw new BenchException("can't make executable: " + file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** So that no run pays for what an earlier one has left to be written. */
  private void syncAll() {
    try {
      var sync = new ProcessBuilder("sync", "-f", folder.toString()).inheritIO().start();
      if (sync.waitFor() != 0) {
        throw new BenchException("sync failed");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted");
    }
  }

  private static void clear(Path directory) {
    try {
      Files.createDirectories(directory);
      try (var files = Files.list(directory)) {
        files.forEach(Copies::delete);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
