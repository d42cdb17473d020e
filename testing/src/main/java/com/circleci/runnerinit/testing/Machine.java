package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the tested programs run, and whose kernel is asked of them: this machine, or a {@link
 * Guest} that shares its files.
 */
public interface Machine {
  /** What the system property {@code runnerinit.guest} names, or this one. */
  static Machine current() {
    return Chosen.MACHINE;
  }

  /**
   * With this environment and no other.
   *
   * @param typed whether somebody writes to its standard input, which is empty otherwise
   */
  Process start(List<String> command, Map<String, String> environment, boolean typed);

  /** One character a byte; empty when it can't be read. */
  Optional<String> read(Path file);

  /** Where a symbolic link leads; empty when it can't be read. */
  Optional<Path> link(Path file);

  /** Of what is in a folder; none when it can't be read. */
  List<String> names(Path folder);

  /** A process and all below it, zombies too. */
  List<Long> tree(long pid);

  /** Into a file of the kernel's. */
  void write(Path file, String text);

  void makeFolder(Path folder);

  /** Whether it could be removed: a control group that has a process can't. */
  boolean removeFolder(Path folder);

  /** Returns false if there is no such process, or it may not be signalled. */
  boolean kill(long pid, int signal);

  /** To a server in there. */
  Socket connect(String host, int port, Duration timeOut) throws IOException;

  /** Lets programs in there reach a port of this machine's loopback as if it were theirs. */
  void forward(int port);

  /** How many times slower than this machine it may be. */
  int slowness();

  /** This machine. */
  final class Local implements Machine {
    @Override
    public Process start(List<String> command, Map<String, String> environment, boolean typed) {
      var builder = new ProcessBuilder(command);
      builder.redirectInput(typed ? Redirect.PIPE : Redirect.from(new File("/dev/null")));
      builder.environment().clear();
      builder.environment().putAll(environment);
      try {
        return builder.start();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public Optional<String> read(Path file) {
      try {
        return Optional.of(Files.readString(file, ISO_8859_1));
      } catch (IOException _) {
        return Optional.empty();
      }
    }

    @Override
    public Optional<Path> link(Path file) {
      try {
        return Optional.of(Files.readSymbolicLink(file));
      } catch (IOException _) {
        return Optional.empty();
      }
    }

    @Override
    public List<String> names(Path folder) {
      var names = folder.toFile().list();
      return names == null ? List.of() : List.of(names);
    }

    @Override
    public List<Long> tree(long pid) {
      var tree = new ArrayList<>(List.of(pid));
      for (var i = 0; i < tree.size(); i++) {
        var threads = Path.of("/proc", tree.get(i).toString(), "task");
        for (var thread : names(threads)) {
          read(threads.resolve(thread).resolve("children")).stream()
              .flatMap(text -> Arrays.stream(text.split(" ", -1)))
              .filter(child -> !child.isEmpty())
              .forEach(child -> tree.add(Long.parseLong(child)));
        }
      }
      return tree;
    }

    @Override
    public void write(Path file, String text) {
      try {
        Files.writeString(file, text);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void makeFolder(Path folder) {
      try {
        Files.createDirectory(folder);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public boolean removeFolder(Path folder) {
      return folder.toFile().delete();
    }

    @Override
    public boolean kill(long pid, int signal) {
      return Signal.kill(pid, signal);
    }

    @Override
    public Socket connect(String host, int port, Duration timeOut) throws IOException {
      var socket = new Socket();
      try {
        socket.connect(new InetSocketAddress(host, port), (int) timeOut.toMillis());
        return socket;
      } catch (IOException e) {
        socket.close();
        throw e;
      }
    }

    @Override
    public void forward(int port) {
      // It is there.
    }

    @Override
    public int slowness() {
      return 1;
    }
  }

  /** Made at the first use. */
  final class Chosen {
    private static final Machine MACHINE =
        Optional.ofNullable(System.getProperty("runnerinit.guest"))
            .<Machine>map(port -> new Guest(Integer.parseInt(port)))
            .orElseGet(Local::new);

    private Chosen() {}
  }
}
