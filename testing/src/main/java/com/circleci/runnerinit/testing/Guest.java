package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A virtual machine whose first process is guest-agent.c, behind a port of this machine. Nothing is
 * closed: it ends after the tests do.
 */
final class Guest implements Machine {
  private static final int PIPE_BYTES = 1024 * 1024;

  private final int port;
  private final ConcurrentLinkedQueue<Connection> idle = new ConcurrentLinkedQueue<>();
  private final Set<Integer> forwarded = ConcurrentHashMap.newKeySet();
  private final List<Connection> held = new ArrayList<>();

  Guest(int port) {
    this.port = port;
  }

  @Override
  public Process start(List<String> command, Map<String, String> environment, boolean typed) {
    var words = new ArrayList<>(List.of("run", Integer.toString(environment.size())));
    environment.forEach((name, value) -> words.add(name + "=" + value));
    words.addAll(command);
    try {
      var connection = new Connection(port);
      connection.send(words);
      var process = new GuestProcess(connection);
      if (!typed) {
        connection.socket().shutdownOutput();
      }
      return process;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Optional<String> read(Path file) {
    return ask("read", file.toString()).text();
  }

  @Override
  public Optional<Path> link(Path file) {
    return ask("link", file.toString()).text().map(Path::of);
  }

  @Override
  public List<String> names(Path folder) {
    return words(ask("list", folder.toString()));
  }

  @Override
  public List<Long> tree(long pid) {
    return words(ask("tree", Long.toString(pid))).stream().map(Long::parseLong).toList();
  }

  @Override
  public void write(Path file, String text) {
    ask("write", file.toString(), text).orThrow(file);
  }

  @Override
  public void makeFolder(Path folder) {
    ask("mkdir", folder.toString()).orThrow(folder);
  }

  @Override
  public boolean removeFolder(Path folder) {
    return ask("rmdir", folder.toString()).text().isPresent();
  }

  @Override
  public boolean kill(long pid, int signal) {
    return ask("kill", Long.toString(pid), Integer.toString(signal)).text().isPresent();
  }

  @Override
  public Socket connect(String host, int port, Duration timeOut) throws IOException {
    var address = InetAddress.getByName(host).getHostAddress();
    var connection = new Connection(this.port);
    connection.send(List.of("connect", address, Integer.toString(port)));
    var answer = connection.receive();
    if (answer.text().isEmpty()) {
      connection.socket().close();
      throw new ConnectException(host + ":" + port + " in the guest: " + answer.said());
    }
    return connection.socket();
  }

  @Override
  public void forward(int port) {
    if (forwarded.add(port)) {
      try {
        var connection = new Connection(this.port);
        connection.send(List.of("forward", Integer.toString(port)));
        connection.receive().orThrow(Path.of("port", Integer.toString(port)));
        synchronized (held) {
          held.add(connection);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public int slowness() {
    return 6;
  }

  private static List<String> words(Frame answer) {
    return answer.text().stream()
        .flatMap(text -> Arrays.stream(text.split("\0", -1)))
        .filter(word -> !word.isEmpty())
        .toList();
  }

  private Frame ask(String... words) {
    try {
      var kept = idle.poll();
      var connection = kept != null ? kept : new Connection(port);
      connection.send(List.of(words));
      var answer = connection.receive();
      idle.add(connection);
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** See guest-agent.c. One character a byte. */
  private record Frame(char kind, String said) {
    Optional<String> text() {
      return kind == '+' ? Optional.of(said) : Optional.empty();
    }

    void orThrow(Path what) {
      if (kind != '+') {
        throw new AssertionError(what + " in the guest: " + said);
      }
    }
  }

  private record Connection(Socket socket, DataInputStream in, OutputStream out) {
    Connection(int port) throws IOException {
      this(new Socket(InetAddress.getLoopbackAddress(), port));
    }

    private Connection(Socket socket) throws IOException {
      this(socket, new DataInputStream(socket.getInputStream()), socket.getOutputStream());
      socket.setTcpNoDelay(true);
    }

    void send(List<String> words) throws IOException {
      var text = new ByteArrayOutputStream();
      for (var word : words) {
        text.write((word + "\0").getBytes(UTF_8));
      }
      var request = new ByteArrayOutputStream();
      new DataOutputStream(request).writeInt(text.size());
      text.writeTo(request);
      request.writeTo(out);
    }

    Frame receive() throws IOException {
      var kind = (char) in.readByte();
      return new Frame(kind, new String(in.readNBytes(in.readInt()), ISO_8859_1));
    }
  }

  /** A process in there, by the connection that it was asked for. */
  private final class GuestProcess extends Process {
    private final Connection connection;
    private final long pid;
    private final PipedInputStream stdout = new PipedInputStream(PIPE_BYTES);
    private final PipedInputStream stderr = new PipedInputStream(PIPE_BYTES);
    private final CompletableFuture<Integer> status = new CompletableFuture<>();

    GuestProcess(Connection connection) throws IOException {
      this.connection = connection;
      pid = Long.parseLong(connection.receive().said());
      var out = new PipedOutputStream(stdout);
      var err = new PipedOutputStream(stderr);
      Thread.ofPlatform().daemon().name("guest-" + pid).start(() -> follow(out, err));
    }

    private void follow(OutputStream out, OutputStream err) {
      try (var _ = connection.socket();
          out;
          err) {
        for (var open = 3; open > 0; ) {
          var frame = connection.receive();
          if (frame.kind() == 'x') {
            status.complete(Integer.parseInt(frame.said()));
            open--;
          } else {
            var to = frame.kind() == 'o' ? out : err;
            to.write(frame.said().getBytes(ISO_8859_1));
            to.flush();
            if (frame.said().isEmpty()) {
              to.close();
              open--;
            }
          }
        }
      } catch (IOException _) {
        // The guest is gone, and with it the process.
        status.complete(255);
      }
    }

    @Override
    public OutputStream getOutputStream() {
      return connection.out();
    }

    @Override
    public InputStream getInputStream() {
      return stdout;
    }

    @Override
    public InputStream getErrorStream() {
      return stderr;
    }

    @Override
    public int waitFor() {
      return status.join();
    }

    @Override
    public CompletableFuture<Process> onExit() {
      return status.thenApply(_ -> this);
    }

    @Override
    public boolean isAlive() {
      return !status.isDone();
    }

    @Override
    public int exitValue() {
      if (isAlive()) {
        throw new IllegalThreadStateException("process " + pid + " in the guest runs");
      }
      return status.join();
    }

    @Override
    public long pid() {
      return pid;
    }

    @Override
    public void destroy() {
      if (isAlive()) {
        kill(pid, Signal.TERM.number());
      }
    }

    @Override
    public Process destroyForcibly() {
      if (isAlive()) {
        kill(pid, Signal.KILL.number());
      }
      return this;
    }
  }
}
