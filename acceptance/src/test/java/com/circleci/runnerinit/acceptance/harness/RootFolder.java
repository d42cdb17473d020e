package com.circleci.runnerinit.acceptance.harness;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.circleci.runnerinit.testing.Await;
import com.circleci.runnerinit.testing.Command;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The root file system of a container: nothing but what a test puts into it. */
public final class RootFolder {
  /** On the file system of the executables, so that they can be linked instead of copied. */
  private static final Path ALL = Path.of("target", "roots").toAbsolutePath();

  private static final Pattern LIBRARY = Pattern.compile("/\\S+");

  private final Path folder;

  private RootFolder(Path folder) {
    this.folder = folder;
  }

  static RootFolder create() {
    return attempt(() -> {
      Files.createDirectories(ALL);
      var root = Files.createTempDirectory(ALL, "root");
      mode(root, "rwxr-xr-x");
      return new RootFolder(root);
    });
  }

  /** Where the host sees a path of the container. */
  public Path path(String inside) {
    if (!inside.startsWith("/")) {
      throw new IllegalArgumentException("not absolute: " + inside);
    }
    return folder.resolve(inside.substring(1));
  }

  /** A hard link: for programs that nothing writes to. */
  public RootFolder program(String at, Path executable) {
    return change(() -> {
      Files.createDirectories(parent(at));
      Files.createLink(path(at), executable);
    });
  }

  /** A program of the host's that needs the libraries of the host, which come with it. */
  public RootFolder dynamicProgram(Path executable) {
    var name = executable.toString();
    copy(name, executable);
    if (Command.succeed("file", "--dereference", name).contains("dynamically")) {
      Command.succeed("ldd", name)
          .lines()
          .map(LIBRARY::matcher)
          .filter(Matcher::find)
          .map(Matcher::group)
          .filter(library -> !has(library))
          .forEach(library -> copy(library, Path.of(library)));
    }
    return this;
  }

  public RootFolder fifo(String at) {
    return change(() -> {
      Files.createDirectories(parent(at));
      Command.succeed("mkfifo", path(at).toString());
    });
  }

  public RootFolder copy(String at, Path file) {
    return change(() -> {
      Files.createDirectories(parent(at));
      Files.copy(file, path(at));
      mode(path(at), "rwxr-xr-x");
    });
  }

  public RootFolder file(String at, String text) {
    return change(() -> {
      Files.createDirectories(parent(at));
      Files.writeString(path(at), text);
    });
  }

  public RootFolder file(String at, String text, String permissions) {
    return file(at, text).change(() -> mode(path(at), permissions));
  }

  public RootFolder folder(String at) {
    return change(() -> Files.createDirectories(path(at)));
  }

  public RootFolder folder(String at, String permissions) {
    return folder(at).change(() -> mode(path(at), permissions));
  }

  public RootFolder remove(String at) {
    return change(() -> Files.delete(path(at)));
  }

  /** In place of what may be there, as rename(2) does. */
  public RootFolder rename(String from, String to) {
    return change(() -> Files.move(path(from), path(to), StandardCopyOption.ATOMIC_MOVE));
  }

  /** /dev/null, zero, random, urandom and tty, as every container has them. */
  public RootFolder devices() {
    return change(() -> {
      Files.createDirectories(path("/dev"));
      for (var device : List.of("null", "zero", "random", "urandom", "tty")) {
        if (!Files.exists(path("/dev/" + device))) {
          Files.createLink(path("/dev/" + device), Devices.node(device));
        }
      }
    });
  }

  public boolean has(String at) {
    return Files.exists(path(at));
  }

  public String read(String at) {
    return attempt(() -> Files.readString(path(at)));
  }

  /** One character a byte. */
  public String bytes(String at) {
    return attempt(() -> Files.readString(path(at), ISO_8859_1));
  }

  public void awaitText(String at, String part) {
    Await.until("'%s' in %s".formatted(part, at), () -> has(at) && read(at).contains(part));
  }

  public RootFolder awaitFile(String at) {
    Await.until("file " + at, () -> has(at));
    return this;
  }

  /** What the fake task agent wrote of itself. */
  public AgentReport report(String at) {
    awaitFile(at);
    return new AgentReport(JsonParser.parseString(read(at)).getAsJsonObject());
  }

  public String permissions(String at) {
    return attempt(() ->
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(path(at), LinkOption.NOFOLLOW_LINKS)));
  }

  public String linkTarget(String at) {
    return attempt(() -> Files.readSymbolicLink(path(at)).toString());
  }

  public RootFolder link(String at, String target) {
    return change(() -> Files.createSymbolicLink(path(at), Path.of(target)));
  }

  public List<String> names(String at) {
    return attempt(() -> {
      try (var files = Files.list(path(at))) {
        return files.map(file -> file.getFileName().toString()).sorted().toList();
      }
    });
  }

  void delete() {
    change(() ->
        Files.walkFileTree(
            folder,
            new SimpleFileVisitor<Path>() {
              @Override
              public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                  throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
              }

              @Override
              public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
                  throws IOException {
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
              }
            }));
  }

  @Override
  public String toString() {
    return folder.toString();
  }

  private Path parent(String at) {
    return path(at).resolveSibling(".").normalize();
  }

  private RootFolder change(Change change) {
    attempt(() -> {
      change.make();
      return this;
    });
    return this;
  }

  private static void mode(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private static <T> T attempt(Source<T> source) {
    try {
      return source.get();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Change {
    void make() throws IOException;
  }

  private interface Source<T> {
    T get() throws IOException;
  }

  /** Device nodes are made once, and linked into each root. */
  private static final class Devices {
    private static final Path FOLDER = make();

    static Path node(String name) {
      return FOLDER.resolve(name);
    }

    private static Path make() {
      var folder = attempt(() -> Files.createTempDirectory(ALL, "devices"));
      mknod(folder.resolve("null"), "1", "3");
      mknod(folder.resolve("zero"), "1", "5");
      mknod(folder.resolve("random"), "1", "8");
      mknod(folder.resolve("urandom"), "1", "9");
      mknod(folder.resolve("tty"), "5", "0");
      return folder;
    }

    private static void mknod(Path path, String major, String minor) {
      Command.succeed("mknod", "-m", "666", path.toString(), "c", major, minor);
    }
  }
}
