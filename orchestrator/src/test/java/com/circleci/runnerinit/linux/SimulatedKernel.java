package com.circleci.runnerinit.linux;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * A kernel in which only what a test decides happens: processes and their groups, signals, pipes,
 * files, inotify, sockets that listen, and a clock that jumps. It stands below the real classes, at
 * the gate where the executable has its C: all of Java that runs in production runs over it, in one
 * thread, the program's own threads as coroutines that take turns when they would wait.
 */
public final class SimulatedKernel implements Syscalls {
  private static final int FIRST_PID = 100;
  private static final int MOST_SENT = 64 * 1024;
  private static final int MOST_CALLS_WITHOUT_NEWS = 20_000;

  /** Decides what the world does, where it can do something. */
  public interface World {
    /** Nothing of the program can go on before something has happened, or time has passed. */
    void act(SimulatedKernel kernel);

    /** A moment at which something may happen, though the program goes on by itself. */
    default void mayAct(SimulatedKernel kernel, String call) {}
  }

  /** Refuses calls: a negated error number, or zero to let it through. */
  public interface Refusals {
    long refuse(String call, int count);
  }

  private World world =
      _ -> {
        throw new AssertionError("the program waits, and nothing will happen");
      };
  private Refusals refusals = (_, _) -> 0;
  private final Map<Syscall, Integer> counts = new EnumMap<>(Syscall.class);
  private final Map<Integer, Syscall> byNumber = new HashMap<>();
  private final List<String> trace = new ArrayList<>();
  private int spawns;
  private long callsWithoutNews;

  /** A kernel with an empty root, in which this process is PID 1. */
  public SimulatedKernel() {
    for (Syscall syscall : Syscall.values()) {
      byNumber.put(syscall.number(), syscall);
    }
    directory("/");
    directory("/dev");
    nodes.put("/dev/null", new Device(false));
    nodes.put("/dev/zero", new Device(true));
    descriptors.put(0, new Open(new Fifo(), 0));
    descriptors.put(1, new Open(standardOutput, 1));
    descriptors.put(2, new Open(standardError, 1));
  }

  public SimulatedKernel world(World decides) {
    world = decides;
    return this;
  }

  public SimulatedKernel refusals(Refusals refuses) {
    refusals = refuses;
    return this;
  }

  /** What the program did to the world and what happened to it, in order. */
  public List<String> trace() {
    return trace;
  }

  public void note(String what) {
    trace.add(what);
  }

  /** How often each call was made. */
  public Map<String, Integer> callCounts() {
    Map<String, Integer> all = new TreeMap<>();
    counts.forEach((call, count) -> all.put(call.name(), count));
    all.put("SPAWN", spawns);
    return all;
  }

  // --- time and threads ------------------------------------------------------------------------

  private long now = 1_000_000_000L;
  private final List<Coroutine> threads = new ArrayList<>();
  private Optional<Coroutine> current = Optional.empty();
  private Optional<Coroutine> gaveWay = Optional.empty();
  private boolean threadsRefused;
  private final Map<String, Integer> stacks = new TreeMap<>();

  /** A thread of the program, and what it waits for. */
  private static final class Coroutine {
    private final String name;
    private final Coroutines.Coroutine body;
    private BooleanSupplier ready = () -> true;
    private long deadline = Long.MAX_VALUE;
    private Optional<Throwable> death = Optional.empty();

    Coroutine(String name, Runnable runnable) {
      this.name = name;
      body =
          Coroutines.create(() -> {
            try {
              runnable.run();
            } catch (Throwable e) {
              death = Optional.of(e);
            }
          });
    }
  }

  private boolean abandoned;

  /** Ends the run here, whatever the program was about to do. */
  public void abandon() {
    abandoned = true;
    if (current.isPresent()) {
      Coroutines.giveWay();
    }
  }

  public boolean isAbandoned() {
    return abandoned;
  }

  /** Where the program's main thread waits, and for how many nanoseconds at most. */
  public String position() {
    Coroutine main = threads.getFirst();
    StringBuilder text = new StringBuilder();
    for (StackTraceElement frame : mainStack()) {
      if (frame.getClassName().contains(".task.") || frame.getClassName().contains(".cmd.")) {
        text.append(frame.getMethodName()).append(':').append(frame.getLineNumber()).append(' ');
      }
    }
    long left = main.deadline == Long.MAX_VALUE ? -1 : main.deadline - now;
    return text.append(left).toString();
  }

  /** Where the main thread is, be it waiting or just making a call. */
  public StackTraceElement[] mainStack() {
    Coroutine main = threads.getFirst();
    return current.stream().anyMatch(main::equals)
        ? Thread.currentThread().getStackTrace()
        : main.body.stack();
  }

  /** The thread that makes the present call. */
  public String thread() {
    return current.map(thread -> thread.name).orElse("none");
  }

  /** Runs a program's main thread, and those that it starts, until the first has ended. */
  public void run(Runnable main) {
    Coroutine first = new Coroutine("main", main);
    threads.add(first);
    while (settle()) {
      callsWithoutNews = 0;
      world.act(this);
    }
    threads.clear();
    first.death.ifPresent(e -> {
      throw new AssertionError("the program ended by " + e, e);
    });
  }

  /** Lets the program go on until all of its threads wait; false when its main one has ended. */
  public boolean settle() {
    Coroutine first = threads.getFirst();
    while (!first.body.isDone() && !abandoned) {
      Optional<Coroutine> next = runnable();
      if (next.isEmpty()) {
        return true;
      }
      Coroutine thread = next.get();
      current = next;
      thread.body.run();
      current = Optional.empty();
      if (thread != first && thread.death.isPresent()) {
        note("thread " + thread.name + " died: " + thread.death.get());
      }
    }
    return false;
  }

  private Optional<Coroutine> runnable() {
    for (Coroutine thread : threads) {
      boolean goesOn = thread.deadline <= now || thread.ready.getAsBoolean();
      if (goesOn && !thread.body.isDone() && gaveWay.stream().noneMatch(thread::equals)) {
        return Optional.of(thread);
      }
    }
    Optional<Coroutine> last = gaveWay;
    gaveWay = Optional.empty();
    return last;
  }

  /** Lets time pass to the next limit that any thread waits for; false when there is none. */
  public boolean passTime() {
    callsWithoutNews = 0;
    long next = nextDeadline();
    if (next == Long.MAX_VALUE) {
      return false;
    }
    now = Math.max(now, next);
    return true;
  }

  /** The next moment at which a thread goes on by itself. */
  public long nextDeadline() {
    return threads.stream()
        .filter(thread -> !thread.body.isDone())
        .mapToLong(thread -> thread.deadline)
        .min()
        .orElse(Long.MAX_VALUE);
  }

  public void passTime(long nanos) {
    now += nanos;
  }

  /** Whether the program waits for something other than time. */
  private void waitFor(BooleanSupplier ready, long deadline) {
    if (ready.getAsBoolean()) {
      return;
    }
    Coroutine self =
        current.orElseThrow(() -> new AssertionError("would wait, and nothing else runs"));
    self.ready = ready;
    self.deadline = deadline;
    while (!ready.getAsBoolean() && now < deadline) {
      Coroutines.giveWay();
    }
    self.ready = () -> true;
    self.deadline = Long.MAX_VALUE;
  }

  /** Has the calling thread wait for what is not the kernel's. */
  public void await(BooleanSupplier ready, long deadline) {
    waitFor(ready, deadline);
  }

  /** The bytes of stack that each thread was given. */
  public Map<String, Integer> stacks() {
    return stacks;
  }

  /** From now on, no thread is to be had. */
  public void refuseThreads() {
    threadsRefused = true;
  }

  @Override
  public void startThread(String name, int stackBytes, Runnable body) {
    if (threadsRefused) {
      throw new OutOfMemoryError("unable to create native thread");
    }
    stacks.put(name, stackBytes);
    threads.add(new Coroutine(name, body));
  }

  @Override
  public long nanos() {
    return now;
  }

  @Override
  public void pause(Duration time) {
    countCall("PAUSE");
    waitFor(() -> false, now + Math.max(1, time.toNanos()));
  }

  // --- memory ----------------------------------------------------------------------------------

  private final TreeMap<Long, NativeBlock> blocks = new TreeMap<>();
  private long nextAddress = 0x10000;
  private Optional<String> secret = Optional.empty();

  @Override
  public NativeBlock allocate(int bytes) {
    NativeBlock block = new NativeBlock(this, nextAddress, ByteBuffer.allocate(bytes));
    blocks.put(nextAddress, block);
    nextAddress += bytes + 64L;
    return block;
  }

  @Override
  public void free(NativeBlock block) {
    if (blocks.remove(block.address()) == null) {
      throw new AssertionError("freed twice");
    }
    String content = new String(block.copy(0, block.size()), ISO_8859_1);
    if (secret.filter(content::contains).isPresent()) {
      throw new AssertionError("memory is given back with the secret in it");
    }
  }

  /** What no memory that is given back may hold. */
  public void secret(String text) {
    secret = Optional.of(text);
  }

  /** The block that holds an address; whoever uses one that was released fails. */
  private Map.Entry<Long, NativeBlock> blockOf(long address) {
    Map.Entry<Long, NativeBlock> entry = blocks.floorEntry(address);
    if (entry == null || address > entry.getKey() + entry.getValue().size()) {
      throw new AssertionError("no memory at " + address);
    }
    return entry;
  }

  private byte[] peek(long address, int length) {
    Map.Entry<Long, NativeBlock> entry = blockOf(address);
    return entry.getValue().copy((int) (address - entry.getKey()), length);
  }

  private void poke(long address, byte[] bytes) {
    Map.Entry<Long, NativeBlock> entry = blockOf(address);
    entry.getValue().bytes().put((int) (address - entry.getKey()), bytes);
  }

  private long peekLong(long address) {
    Map.Entry<Long, NativeBlock> entry = blockOf(address);
    return entry.getValue().bytes().getLong((int) (address - entry.getKey()));
  }

  private void pokeInt(long address, int value) {
    Map.Entry<Long, NativeBlock> entry = blockOf(address);
    entry.getValue().bytes().putInt((int) (address - entry.getKey()), value);
  }

  private byte[] stringAt(long address) {
    Map.Entry<Long, NativeBlock> entry = blockOf(address);
    ByteBuffer bytes = entry.getValue().bytes();
    int from = (int) (address - entry.getKey());
    int to = from;
    while (bytes.get(to) != 0) {
      to++;
    }
    return entry.getValue().copy(from, to - from);
  }

  private String textAt(long address) {
    return CStrings.decode(stringAt(address));
  }

  private List<String> textsAt(long address) {
    List<String> texts = new ArrayList<>();
    for (long at = address; peekLong(at) != 0; at += Long.BYTES) {
      texts.add(textAt(peekLong(at)));
    }
    return texts;
  }

  // --- files -----------------------------------------------------------------------------------

  private final TreeMap<String, Node> nodes = new TreeMap<>();
  private final Stream standardOutput = new Stream();
  private final Stream standardError = new Stream();

  /** What a path or a descriptor names. */
  private sealed interface Node {}

  private static final class Regular implements Node {
    private byte[] content;
    private int mode;

    Regular(byte[] content, int mode) {
      this.content = content;
      this.mode = mode;
    }
  }

  private record Folder(int mode) implements Node {}

  /** One that gives zeros for ever, or nothing at all. */
  private record Device(boolean zeros) implements Node {}

  private record Fifo() implements Node {}

  private record Link(String target) implements Node {}

  /** What is written is kept, while its reader reads. */
  private static final class Stream implements Node {
    private final StringBuilder lines = new StringBuilder();
    private boolean stuck;
    private boolean closed;
  }

  private static final class Pipeline implements Node {
    private static final int CAPACITY = 64 * 1024;
    private final Deque<Byte> bytes = new ArrayDeque<>();
    private int readers = 1;
    private int writers = 1;
  }

  private record Signalled() implements Node {}

  private static final class Counted implements Node {
    private long count;
  }

  private static final class Watching implements Node {
    private final List<String> folders = new ArrayList<>();
    private boolean news;
  }

  private record Listening() implements Node {}

  /** The other end of a connection to this process: it has sent all that it will. */
  public static final class Client {
    private byte[] request;
    private final StringBuilder answer = new StringBuilder();

    private Client(String request) {
      this.request = request.getBytes(UTF_8);
    }

    public String answer() {
      return answer.toString();
    }
  }

  private record Connected(Client client) implements Node {}

  private final Deque<Client> clients = new ArrayDeque<>();

  /** A client connects, and asks for a path of the health API. */
  public Client connect(String path) {
    Client client = new Client("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    clients.add(client);
    return client;
  }

  public SimulatedKernel directory(String path) {
    return directory(path, 0755);
  }

  public SimulatedKernel directory(String path, int mode) {
    nodes.put(path, new Folder(mode));
    tellWatches(path);
    return this;
  }

  public SimulatedKernel file(String path, String text) {
    return file(path, text.getBytes(UTF_8), 0644);
  }

  public SimulatedKernel executable(String path) {
    return file(path, new byte[] {0x7f, 'E', 'L', 'F'}, 0755);
  }

  /** Makes a regular file, and the folders above it. */
  public SimulatedKernel file(String path, byte[] content, int mode) {
    for (int slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
      if (!nodes.containsKey(path.substring(0, slash))) {
        directory(path.substring(0, slash));
      }
    }
    if (nodes.get(path) instanceof Regular file) {
      file.content = content;
      file.mode = mode;
    } else {
      nodes.put(path, new Regular(content, mode));
    }
    tellWatches(path);
    return this;
  }

  public SimulatedKernel fifo(String path) {
    nodes.put(path, new Fifo());
    return this;
  }

  public SimulatedKernel device(String path) {
    nodes.put(path, new Device(true));
    return this;
  }

  public SimulatedKernel link(String path, String target) {
    nodes.put(path, new Link(target));
    tellWatches(path);
    return this;
  }

  public SimulatedKernel remove(String path) {
    nodes.remove(path);
    return this;
  }

  public Optional<String> text(String path) {
    return content(path).map(bytes -> new String(bytes, UTF_8));
  }

  public Optional<byte[]> content(String path) {
    return nodes.get(path) instanceof Regular file ? Optional.of(file.content) : Optional.empty();
  }

  public Optional<String> linkTarget(String path) {
    return nodes.get(path) instanceof Link(String target) ? Optional.of(target) : Optional.empty();
  }

  public int mode(String path) {
    return switch (nodes.get(path)) {
      case Regular file -> file.mode;
      case Folder(int mode) -> mode;
      case null, default -> -1;
    };
  }

  public List<String> paths() {
    return List.copyOf(nodes.keySet());
  }

  private void tellWatches(String path) {
    for (Open open : descriptors.values()) {
      if (open.node instanceof Watching watch && watch.folders.contains(parent(path))) {
        watch.news = true;
      }
    }
  }

  private static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash <= 0 ? "/" : path.substring(0, slash);
  }

  private Optional<Node> find(String path) {
    String at =
        path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    return process(at).or(() -> Optional.ofNullable(nodes.get(at)));
  }

  private Optional<Node> follow(String path) {
    Optional<Node> node = find(path);
    for (int i = 0; i < 8 && node.isPresent(); i++) {
      if (!(node.get() instanceof Link(String target))) {
        return node;
      }
      node = find(target.startsWith("/") ? target : parent(path) + "/" + target);
    }
    return node.filter(found -> !(found instanceof Link));
  }

  // --- descriptors -----------------------------------------------------------------------------

  private final TreeMap<Integer, Open> descriptors = new TreeMap<>();
  private int mostDescriptors = 1024;
  private int umask = 022;
  private boolean sharesBlocks;
  private long freeBlocks;

  private static final class Open {
    private final Node node;
    private int flags;
    private int at;
    private boolean listed;
    private int lock;
    private String path = "";

    Open(Node node, int flags) {
      this.node = node;
      this.flags = flags;
    }

    boolean isForWriting() {
      return (flags & 3) != 0;
    }

    boolean blocks() {
      return (flags & Descriptors.O_NONBLOCK) == 0;
    }
  }

  public SimulatedKernel umask(int bits) {
    umask = bits;
    return this;
  }

  /** A file system on which files can share blocks. */
  public SimulatedKernel sharesBlocks() {
    sharesBlocks = true;
    return this;
  }

  /** How many blocks of 1 MB there are for everybody. */
  public SimulatedKernel freeBlocks(long blocks) {
    freeBlocks = blocks;
    return this;
  }

  /** As prlimit(RLIMIT_NOFILE) of another process of the same user does. */
  public void limitDescriptors(int most) {
    mostDescriptors = most;
  }

  /** What the kernel does when a process is killed. */
  public void closeAll() {
    List.copyOf(descriptors.tailMap(3).keySet()).forEach(this::close);
  }

  private long lock(int descriptor, int operation) {
    Open open = descriptors.get(descriptor);
    if (open == null) {
      return -9;
    }
    boolean alone = (operation & 2) != 0;
    open.lock = 0;
    boolean refused =
        descriptors.values().stream()
            .filter(other -> other.path.equals(open.path))
            .anyMatch(other -> other.lock == 2 || (alone && other.lock == 1));
    open.lock = refused ? 0 : alone ? 2 : 1;
    return refused ? -Errno.EAGAIN : 0;
  }

  /** Descriptors that are open, less the standard ones. */
  public int openDescriptors() {
    return descriptors.size() - 3;
  }

  private long open(Node node, int flags) {
    int descriptor = 0;
    while (descriptors.containsKey(descriptor)) {
      descriptor++;
    }
    if (descriptor >= mostDescriptors) {
      return -Errno.EMFILE;
    }
    descriptors.put(descriptor, new Open(node, flags));
    return descriptor;
  }

  private long close(int descriptor) {
    Open open = descriptors.remove(descriptor);
    if (open == null) {
      return -9;
    }
    letGo(open);
    return 0;
  }

  /** One that is open. */
  private Open opened(long descriptor) {
    return requireNonNull(descriptors.get((int) descriptor), "a descriptor that is not open");
  }

  private void letGo(Open open) {
    if (open.node instanceof Pipeline pipe) {
      if (open.isForWriting()) {
        pipe.writers--;
      } else {
        pipe.readers--;
      }
    }
  }

  private boolean isReadable(Open open) {
    return switch (open.node) {
      case Pipeline pipe -> !open.isForWriting() && (!pipe.bytes.isEmpty() || pipe.writers == 0);
      case Signalled _ -> hasSignals();
      case Counted counter -> counter.count > 0;
      case Watching watch -> watch.news;
      case Listening _ -> !clients.isEmpty();
      default -> true;
    };
  }

  private boolean isWritable(Open open) {
    return switch (open.node) {
      case Pipeline pipe ->
          open.isForWriting()
              && (pipe.readers == 0 || pipe.bytes.size() <= Pipeline.CAPACITY - 4096);
      case Stream stream -> !stream.stuck;
      default -> true;
    };
  }

  /** Whether nobody reads what this process writes to its standard output, or error. */
  public void blockOutput(boolean blocked) {
    standardOutput.stuck = blocked;
    standardError.stuck = blocked;
  }

  /** The reader of standard output and error has gone. */
  public void closeOutput() {
    standardOutput.closed = true;
    standardError.closed = true;
  }

  public String standardOutput() {
    return standardOutput.lines.toString();
  }

  public String standardError() {
    return standardError.lines.toString();
  }

  private long read(int descriptor, long address, int length, boolean fromStart) {
    Open open = descriptors.get(descriptor);
    if (open == null) {
      return -9;
    }
    if (!isReadable(open)) {
      if (!open.blocks()) {
        return -Errno.EAGAIN;
      }
      waitFor(() -> isReadable(open), Long.MAX_VALUE);
    }
    byte[] bytes =
        switch (open.node) {
          case Pipeline pipe -> {
            byte[] taken = new byte[Math.min(length, pipe.bytes.size())];
            for (int i = 0; i < taken.length; i++) {
              taken[i] = pipe.bytes.remove();
            }
            yield taken;
          }
          case Regular file -> {
            int from = Math.min(fromStart ? 0 : open.at, file.content.length);
            byte[] part =
                Arrays.copyOfRange(
                    file.content, from, Math.min(file.content.length, from + length));
            open.at = fromStart ? open.at : open.at + part.length;
            yield part;
          }
          case Signalled _ -> takeSignals(length / 128);
          case Counted counter -> {
            byte[] count = new byte[Long.BYTES];
            count[0] = 1;
            counter.count = 0;
            yield count;
          }
          case Watching watch -> {
            watch.news = false;
            yield new byte[16];
          }
          case Device(boolean zeros) -> new byte[zeros ? length : 0];
          case Connected(Client client) -> {
            byte[] taken = Arrays.copyOf(client.request, Math.min(length, client.request.length));
            client.request =
                Arrays.copyOfRange(client.request, taken.length, client.request.length);
            yield taken;
          }
          default -> new byte[0];
        };
    poke(address, bytes);
    return bytes.length;
  }

  private long write(int descriptor, byte[] bytes) {
    Open open = descriptors.get(descriptor);
    if (open == null || (!open.isForWriting() && !(open.node instanceof Counted))) {
      return -9;
    }
    return switch (open.node) {
      case Connected(Client client) -> {
        client.answer.append(new String(bytes, UTF_8));
        yield bytes.length;
      }
      case Stream stream when stream.closed -> -Errno.EPIPE;
      case Stream stream -> {
        waitFor(() -> !stream.stuck, Long.MAX_VALUE);
        stream.lines.append(new String(bytes, UTF_8));
        yield bytes.length;
      }
      case Pipeline pipe when pipe.readers == 0 -> -Errno.EPIPE;
      case Pipeline pipe when pipe.bytes.size() >= Pipeline.CAPACITY && !open.blocks() ->
          -Errno.EAGAIN;
      case Pipeline pipe -> {
        waitFor(() -> pipe.bytes.size() < Pipeline.CAPACITY || pipe.readers == 0, Long.MAX_VALUE);
        int count = Math.min(bytes.length, Pipeline.CAPACITY - pipe.bytes.size());
        for (int i = 0; i < count; i++) {
          pipe.bytes.add(bytes[i]);
        }
        yield count;
      }
      case Regular file -> {
        int end = open.at + bytes.length;
        file.content = Arrays.copyOf(file.content, Math.max(file.content.length, end));
        System.arraycopy(bytes, 0, file.content, open.at, bytes.length);
        open.at = end;
        yield bytes.length;
      }
      case Counted counter -> {
        counter.count++;
        // Whoever is woken runs at once, as it would on another processor.
        if (current.isPresent()) {
          gaveWay = current;
          Coroutines.giveWay();
        }
        yield bytes.length;
      }
      default -> bytes.length;
    };
  }

  // --- signals ---------------------------------------------------------------------------------

  private java.util.function.Consumer<Simulated> spawnObserver = _ -> {};
  private java.util.function.ObjIntConsumer<Simulated> signalObserver = (_, _) -> {};

  /** Has each child observed when it starts. */
  public void onSpawn(java.util.function.Consumer<Simulated> observer) {
    spawnObserver = observer;
  }

  /** Has each signal observed that this process sends. */
  public void onSignal(java.util.function.ObjIntConsumer<Simulated> observer) {
    signalObserver = observer;
  }

  private final TreeMap<Integer, Integer> pending = new TreeMap<>();

  /** Sends this process a signal; a standard one merges with one that is pending. */
  public void signal(int signal) {
    note("SIGNAL " + Signals.name(signal));
    raise(signal);
  }

  /** The same, without a note of it. */
  public void raise(int signal) {
    if (signal == Signals.SIGTERM || signal == Signals.SIGINT) {
      callsAtStop = calls;
    }
    pending.merge(signal, 1, (before, _) -> signal > 31 ? before + 1 : 1);
  }

  private boolean hasSignals() {
    return pending.keySet().stream().anyMatch(Signals::isTaken);
  }

  /** What the future depends on, less what the program knows. */
  public String describe() {
    StringBuilder text = new StringBuilder(pending.toString());
    for (Simulated p : processes.values()) {
      text.append(p.name + p.running + p.killed + p.stopped + (p.parent == self) + p.status);
      text.append(p.received);
    }
    return text.append(nodes.containsKey("/status/ready")).toString();
  }

  /** Whether there is something that only this process can attend to: a signal, or a zombie. */
  public boolean isUnattended() {
    return hasSignals()
        || processes.values().stream().anyMatch(p -> !p.running && p.parent == self);
  }

  public boolean isPending(int signal) {
    return pending.containsKey(signal);
  }

  private byte[] takeSignals(int most) {
    ByteBuffer infos = ByteBuffer.allocate(128 * most).order(java.nio.ByteOrder.nativeOrder());
    int taken = 0;
    while (taken < most && hasSignals()) {
      int signal = pending.keySet().stream().filter(Signals::isTaken).findFirst().orElseThrow();
      infos.putInt(128 * taken++, signal);
      pending.computeIfPresent(signal, (_, count) -> count > 1 ? count - 1 : null);
    }
    return Arrays.copyOf(infos.array(), 128 * taken);
  }

  // --- processes -------------------------------------------------------------------------------

  private int self = 1;
  private long user;
  private int[] groups = {};
  private boolean adopts = true;
  private int nextPid = FIRST_PID;
  private final Map<Integer, Simulated> processes = new LinkedHashMap<>();
  private List<String> ownArguments = List.of("orchestrator");
  private List<String> ownEnvironment = new ArrayList<>();

  /** A process that is not this one. */
  public final class Simulated {
    private final int pid;
    private int parent;
    private int group;
    private final String name;
    private final List<String> arguments;
    private final List<String> environment;
    private final List<Open> standard;
    private final List<Integer> received = new ArrayList<>();
    private boolean running = true;
    private boolean killed;
    private boolean stopped;
    private boolean foreign;
    private int status;

    private Simulated(
        int parent,
        int group,
        String name,
        List<String> arguments,
        List<String> environment,
        List<Open> standard) {
      this.pid = nextPid++;
      this.parent = parent;
      this.group = group < 0 ? pid : group;
      this.name = name;
      this.arguments = arguments;
      this.environment = environment;
      this.standard = standard;
    }

    public int pid() {
      return pid;
    }

    public String name() {
      return name;
    }

    public List<String> arguments() {
      return arguments;
    }

    public List<String> environment() {
      return environment;
    }

    /** The signals that it has got. */
    public List<Integer> received() {
      return received;
    }

    public boolean isRunning() {
      return running;
    }

    /** Whether it can do something: it runs, and is neither killed nor stopped. */
    public boolean isFree() {
      return running && !killed && !stopped;
    }

    public boolean isKilled() {
      return running && killed;
    }

    /** Of a user whom this process may not signal. */
    public Simulated foreign() {
      foreign = true;
      return this;
    }

    public boolean isForeign() {
      return foreign;
    }

    public void stop() {
      stopped = true;
    }

    public boolean isStopped() {
      return stopped;
    }

    public void exit(int code) {
      end(code << 8, "EXIT " + name + " " + code);
    }

    /** Dies of a signal: of SIGKILL, if it was killed. */
    public void die(int signal) {
      end(signal, "DEATH " + name + " of " + Signals.name(signal));
    }

    private void end(int waitStatus, String what) {
      if (!running) {
        throw new AssertionError(name + " has ended before");
      }
      note(what);
      running = false;
      status = waitStatus;
      standard.forEach(SimulatedKernel.this::letGo);
      for (Simulated other : List.copyOf(processes.values())) {
        if (other.parent == pid) {
          other.parent = adopts ? self : 0;
          if (!other.running && adopts) {
            raise(Signals.SIGCHLD);
          }
        }
      }
      if (parent == self) {
        raise(Signals.SIGCHLD);
      } else {
        processes.remove(pid);
      }
    }

    /** Starts another that shares its descriptors. */
    public Simulated fork(String child, boolean ownGroup) {
      for (Open open : standard) {
        hold(open);
      }
      Simulated process =
          new Simulated(pid, ownGroup ? -1 : group, child, List.of(child), environment, standard);
      processes.put(process.pid, process);
      note("FORK " + child);
      return process;
    }

    public void writeError(byte[] bytes) {
      Pipeline pipe = (Pipeline) standard.get(2).node;
      for (byte b : bytes) {
        pipe.bytes.add(b);
      }
    }

    /** How much it can write before it has to wait. */
    public int roomForErrors() {
      return Pipeline.CAPACITY - ((Pipeline) standard.get(2).node).bytes.size();
    }

    /** Reads what is in its standard input; empty: its end. */
    public Optional<String> readInput() {
      if (!(standard.get(0).node instanceof Pipeline pipe)) {
        return Optional.empty();
      }
      if (pipe.bytes.isEmpty()) {
        return pipe.writers == 0 ? Optional.empty() : Optional.of("");
      }
      StringBuilder text = new StringBuilder();
      while (!pipe.bytes.isEmpty()) {
        text.append((char) (pipe.bytes.remove() & 0xff));
      }
      return Optional.of(text.toString());
    }

    private void receive(int signal) {
      received.add(signal);
      if (signal == Signals.SIGKILL) {
        killed = true;
      } else if (signal == Signals.SIGCONT) {
        stopped = false;
      }
    }
  }

  private static void hold(Open open) {
    if (open.node instanceof Pipeline pipe) {
      if (open.isForWriting()) {
        pipe.writers++;
      } else {
        pipe.readers++;
      }
    }
  }

  /** This process is not the first of its namespace. */
  public SimulatedKernel processId(int pid) {
    self = pid;
    adopts = pid == 1;
    return this;
  }

  public SimulatedKernel userId(long id) {
    user = id;
    return this;
  }

  public SimulatedKernel groups(int... ids) {
    groups = ids;
    return this;
  }

  public SimulatedKernel arguments(List<String> words) {
    ownArguments = words;
    return this;
  }

  public SimulatedKernel variable(String name, String value) {
    ownEnvironment.add(name + "=" + value);
    return this;
  }

  public List<String> variables() {
    return ownEnvironment;
  }

  public List<Simulated> processes() {
    return processes.values().stream().filter(Simulated::isRunning).toList();
  }

  public Optional<Simulated> process(java.util.function.Predicate<Simulated> wanted) {
    return processes.values().stream().filter(wanted).findFirst();
  }

  @Override
  public long spawn(long request) {
    countCall("SPAWN");
    String path = textAt(peekLong(request));
    long refused = refusals.refuse("SPAWN", spawns++);
    if (refused < 0) {
      return refused;
    }
    Optional<Node> node = follow(path);
    if (!(node.orElse(null) instanceof Regular file)) {
      return node.isPresent() ? -Errno.EACCES : -Errno.ENOENT;
    }
    if ((file.mode & 0111) == 0) {
      return -Errno.EACCES;
    }
    List<Open> standard = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Open open = opened(peekLong(request + 24 + 8L * i));
      hold(open);
      standard.add(open);
    }
    String name = path.substring(path.lastIndexOf('/') + 1);
    List<String> arguments = textsAt(peekLong(request + 8));
    Simulated child =
        new Simulated(self, -1, name, arguments, textsAt(peekLong(request + 16)), standard);
    processes.put(child.pid, child);
    spawnObserver.accept(child);
    boolean changesUser = peekLong(request + 56) != 0;
    StringBuilder stdio = new StringBuilder();
    for (int i = 0; i < 3; i++) {
      stdio.append(' ').append(nameOf(standard.get(i).node));
    }
    boolean foreground = peekLong(request + 48) != 0;
    note(
        "spawn "
            + name
            + stdio
            + (foreground ? " in the foreground" : "")
            + (changesUser ? " as " + peekLong(request + 64) : ""));
    return child.pid;
  }

  private String nameOf(Node node) {
    return node.equals(standardOutput)
        ? "stdout"
        : node.equals(standardError)
            ? "stderr"
            : node instanceof Pipeline ? "pipe" : node instanceof Fifo ? "stdin" : "null";
  }

  @Override
  public long execute(long path, long arguments, long environment) {
    countCall("EXECVE");
    Optional<Node> node = follow(textAt(path));
    if (!(node.orElse(null) instanceof Regular file) || (file.mode & 0111) == 0) {
      return node.isPresent() ? -Errno.EACCES : -Errno.ENOENT;
    }
    note("execute " + textAt(path) + " " + textsAt(arguments) + " " + textsAt(environment));
    throw new Executed();
  }

  /** This process has become another program. */
  public static final class Executed extends Error {
    private static final long serialVersionUID = 1;
  }

  private long kill(int target, int signal) {
    List<Simulated> targets =
        processes.values().stream()
            .filter(
                p -> target == -1 ? p.pid != 1 : target < 0 ? p.group == -target : p.pid == target)
            .toList();
    if (targets.isEmpty()) {
      return -Errno.ESRCH;
    }
    List<Simulated> reached = targets.stream().filter(p -> !p.foreign).toList();
    // As Linux has it: where nobody of everybody may be killed, it says that all went well.
    if (reached.isEmpty()) {
      return target == -1 ? 0 : -Errno.EPERM;
    }
    String who =
        target == -1 ? "everybody" : reached.getFirst().name + (target < 0 ? "'s group" : "");
    note("kill " + who + " " + Signals.name(signal));
    for (Simulated process : reached) {
      if (process.isRunning()) {
        signalObserver.accept(process, signal);
        process.receive(signal);
      }
    }
    return 0;
  }

  private long waitForChild(long statusAddress) {
    List<Simulated> children = processes.values().stream().filter(p -> p.parent == self).toList();
    Optional<Simulated> zombie = children.stream().filter(p -> !p.running).findFirst();
    if (zombie.isEmpty()) {
      return children.isEmpty() ? -Errno.ECHILD : 0;
    }
    processes.remove(zombie.get().pid);
    pokeInt(statusAddress, zombie.get().status);
    return zombie.get().pid;
  }

  /** The files of proc(5) that tell of a process. */
  private Optional<Node> process(String path) {
    if (!nodes.containsKey("/proc") || !path.startsWith("/proc/")) {
      return Optional.empty();
    }
    String[] parts = path.substring(6).split("/", 2);
    if (!parts[0].chars().allMatch(Character::isDigit) || parts[0].isEmpty()) {
      return Optional.empty();
    }
    Simulated process = processes.get(Integer.parseInt(parts[0]));
    if (process == null) {
      return Optional.empty();
    }
    if (parts.length == 1) {
      return Optional.of(new Folder(0555));
    }
    String status =
        "Name:\t%s\nPid:\t%d\nPPid:\t%d\nVmRSS:\t%d kB\n"
            .formatted(process.name, process.pid, process.parent, 10 * process.pid);
    return parts[1].equals("status")
        ? Optional.of(new Regular(status.getBytes(UTF_8), 0444))
        : Optional.empty();
  }

  @Override
  public long arguments(long buffer, long bytes) {
    return copyStrings(ownArguments, buffer, bytes);
  }

  @Override
  public long environment(long buffer, long bytes) {
    return copyStrings(ownEnvironment, buffer, bytes);
  }

  private long copyStrings(List<String> strings, long buffer, long bytes) {
    byte[] all = CStrings.encode(String.join("\0", strings) + (strings.isEmpty() ? "" : "\0"));
    if (all.length <= bytes) {
      poke(buffer, all);
    }
    return all.length;
  }

  @Override
  public void wipeEnvironment(long prefix) {
    String begin = textAt(prefix);
    ownEnvironment.replaceAll(
        entry -> entry.startsWith(begin) ? entry.substring(0, entry.indexOf('=') + 1) : entry);
  }

  // --- the calls -------------------------------------------------------------------------------

  private long calls;
  private long callsAtStop = Long.MAX_VALUE;

  /** How many calls were made since a stop has become pending; negative when none is. */
  public long callsSinceStop() {
    boolean stop = isPending(Signals.SIGTERM) || isPending(Signals.SIGINT);
    return stop ? calls - callsAtStop : -1;
  }

  private void countCall(String call) {
    calls++;
    if (++callsWithoutNews > MOST_CALLS_WITHOUT_NEWS) {
      throw new AssertionError("a tight circle: " + call);
    }
    world.mayAct(this, call);
  }

  @Override
  public long invoke(long number, long a, long b, long c, long d, long e, long f) {
    Syscall syscall = requireNonNull(byNumber.get((int) number));
    countCall(syscall.name());
    int count = counts.merge(syscall, 1, Integer::sum) - 1;
    long refused = refusals.refuse(syscall.name(), count);
    return refused < 0 ? refused : perform(syscall, a, b, c, d);
  }

  private long perform(Syscall syscall, long a, long b, long c, long d) {
    return switch (syscall) {
      case GETPID -> self;
      case GETEUID, GETEGID -> user;
      case GETGROUPS -> {
        for (int i = 0; a > 0 && i < groups.length; i++) {
          pokeInt(b + 4L * i, groups[i]);
        }
        yield groups.length;
      }
      case PRCTL -> {
        note("prctl " + a + " " + b);
        adopts |= a == 36;
        yield 0;
      }
      case UNAME -> {
        poke(a + 65, "host".getBytes(UTF_8));
        yield 0;
      }
      case GETCWD -> {
        poke(a, new byte[] {'/', 0});
        yield 2;
      }
      case KILL -> kill((int) a, (int) b);
      case WAIT4 -> waitForChild(b);
      case CLOSE -> close((int) a);
      case READ -> read((int) a, b, (int) c, false);
      case PREAD64 -> read((int) a, b, (int) c, true);
      case WRITE -> write((int) a, peek(b, (int) c));
      case PPOLL -> poll(a, (int) b, c);
      case PIPE2 -> pipe(a, (int) b);
      case FCNTL -> {
        if (b == 4) {
          opened(a).flags |= (int) c;
        }
        yield 0;
      }
      case SIGNALFD4 -> open(new Signalled(), (int) d);
      case EVENTFD2 -> open(new Counted(), (int) b);
      case INOTIFY_INIT1 -> open(new Watching(), (int) a);
      case INOTIFY_ADD_WATCH -> watch((int) a, textAt(b));
      case OPENAT -> openPath(textAt(b), (int) c, (int) d);
      case FACCESSAT -> access(textAt(b), (int) c);
      case NEWFSTATAT -> status(follow(textAt(b)), c);
      case FSTAT -> status(Optional.ofNullable(descriptors.get((int) a)).map(open -> open.node), b);
      case READLINKAT -> readLink(textAt(b), c);
      case GETDENTS64 -> list(opened(a), b);
      case MKDIRAT -> makeDirectory(textAt(b));
      case SYMLINKAT -> {
        String path = textAt(c);
        yield nodes.containsKey(path) ? -Errno.EEXIST : done(() -> link(path, textAt(a)));
      }
      case RENAMEAT -> rename(textAt(b), textAt(d));
      case UNLINKAT -> {
        boolean folder = nodes.get(textAt(b)) instanceof Folder;
        yield folder ? -Errno.EISDIR : nodes.remove(textAt(b)) == null ? -Errno.ENOENT : 0;
      }
      case FCHMOD -> {
        ((Regular) opened(a).node).mode = (int) b;
        yield 0;
      }
      case FSTATFS -> {
        ByteBuffer status = ByteBuffer.allocate(120).order(java.nio.ByteOrder.nativeOrder());
        status.putLong(8, 4096).putLong(32, freeBlocks).putLong(72, 1_000_000);
        poke(b, status.array());
        yield 0;
      }
      case FLOCK -> lock((int) a, (int) b);
      case UMASK -> {
        int before = umask;
        umask = (int) a & 0777;
        yield before;
      }
      case IOCTL -> sharesBlocks ? share((int) a, (int) c) : -Errno.EOPNOTSUPP;
      case SENDFILE -> sendFile((int) a, (int) b, (int) d);
      case SOCKET -> open(new Listening(), (int) b);
      case ACCEPT4 ->
          clients.isEmpty() ? -Errno.EAGAIN : open(new Connected(clients.remove()), (int) d | 2);
      case CONNECT -> -101;
      case GETRANDOM -> b;
      case EXIT_GROUP -> throw new Executed();
      case BIND, LISTEN, SETSOCKOPT, GETSOCKOPT, SHUTDOWN, GETSOCKNAME, MADVISE -> 0;
    };
  }

  private static long done(Runnable action) {
    action.run();
    return 0;
  }

  private long share(int to, int from) {
    Open source = descriptors.get(from);
    Open target = descriptors.get(to);
    if (source == null || target == null || !(source.node instanceof Regular shared)) {
      return -9;
    }
    if (target.node instanceof Regular file) {
      file.content = shared.content;
    }
    return 0;
  }

  /** Fewer bytes than asked for, as the kernel may. */
  private long sendFile(int to, int from, int bytes) {
    Open source = opened(from);
    byte[] content = ((Regular) source.node).content;
    int end = Math.min(content.length, source.at + Math.min(bytes, MOST_SENT));
    byte[] sent = Arrays.copyOfRange(content, source.at, end);
    source.at = end;
    return write(to, sent);
  }

  private long poll(long address, int count, long timeAddress) {
    if (count > mostDescriptors) {
      return -Errno.EINVAL;
    }
    long deadline =
        timeAddress == 0
            ? Long.MAX_VALUE
            : later(peekLong(timeAddress), peekLong(timeAddress + Long.BYTES));
    waitFor(() -> ready(address, count) > 0, deadline);
    return ready(address, count);
  }

  /** A limit of a hundred years is none. */
  private long later(long seconds, long nanos) {
    return seconds > 3_000_000_000L ? Long.MAX_VALUE : now + seconds * 1_000_000_000L + nanos;
  }

  private int ready(long address, int count) {
    int ready = 0;
    for (int i = 0; i < count; i++) {
      ByteBuffer entry =
          ByteBuffer.wrap(peek(address + 8L * i, 8)).order(java.nio.ByteOrder.nativeOrder());
      Open open = descriptors.get(entry.getInt(0));
      boolean writing = (entry.getShort(4) & 4) != 0;
      boolean is = open == null || (writing ? isWritable(open) : isReadable(open));
      short invalid = 32;
      short none = 0;
      entry.putShort(6, open == null ? invalid : is ? entry.getShort(4) : none);
      poke(address + 8L * i, entry.array());
      ready += is ? 1 : 0;
    }
    return ready;
  }

  private long pipe(long address, int flags) {
    Pipeline pipe = new Pipeline();
    long readEnd = open(pipe, flags & ~3);
    if (readEnd < 0) {
      return readEnd;
    }
    long writeEnd = open(pipe, flags | 1);
    if (writeEnd < 0) {
      descriptors.remove((int) readEnd);
      return writeEnd;
    }
    pokeInt(address, (int) readEnd);
    pokeInt(address + Integer.BYTES, (int) writeEnd);
    return 0;
  }

  private long watch(int descriptor, String path) {
    if (!(follow(path).orElse(null) instanceof Folder)) {
      return -Errno.ENOENT;
    }
    ((Watching) opened(descriptor).node).folders.add(path);
    return 1;
  }

  private long openPath(String path, int flags, int mode) {
    boolean creates = (flags & 0100) != 0;
    Optional<Node> node = (flags & 0400000) != 0 ? find(path) : follow(path);
    if (node.isEmpty() && creates && find(parent(path)).orElse(null) instanceof Folder) {
      Regular file = new Regular(new byte[0], mode & ~umask);
      nodes.put(path, file);
      tellWatches(path);
      return open(file, flags);
    }
    if (node.isEmpty()) {
      return -Errno.ENOENT;
    }
    boolean writes = (flags & 3) != 0;
    return switch (node.get()) {
      case Link _ -> -Errno.ELOOP;
      case Folder _ when writes -> -Errno.EISDIR;
      case Fifo _ when writes -> -6;
      default -> {
        if (creates) {
          yield -Errno.EEXIST;
        }
        if (node.get() instanceof Regular file && (flags & 01000) != 0) {
          file.content = new byte[0];
        }
        long descriptor = open(node.get(), flags);
        if (descriptor >= 0) {
          opened(descriptor).path = path;
        }
        yield descriptor;
      }
    };
  }

  private long access(String path, int mode) {
    Optional<Node> node = follow(path);
    if (node.isEmpty()) {
      return -Errno.ENOENT;
    }
    if (path.endsWith("/") && !(node.get() instanceof Folder)) {
      return -Errno.ENOTDIR;
    }
    boolean refused = mode == 1 && node.get() instanceof Regular file && (file.mode & 0111) == 0;
    return refused ? -Errno.EACCES : 0;
  }

  private long status(Optional<Node> node, long address) {
    if (node.isEmpty()) {
      return -Errno.ENOENT;
    }
    int mode =
        switch (node.get()) {
          case Regular file -> 0100000 | file.mode;
          case Folder folder -> 0040000 | folder.mode;
          case Fifo _ -> 0010644;
          default -> 0020666;
        };
    pokeInt(address + 24, mode);
    long size = node.get() instanceof Regular file ? file.content.length : 0;
    ByteBuffer eight = ByteBuffer.allocate(8).order(java.nio.ByteOrder.nativeOrder());
    poke(address + 48, eight.putLong(0, size).array());
    return 0;
  }

  private long readLink(String path, long address) {
    if (!(find(path).orElse(null) instanceof Link(String target))) {
      return find(path).isPresent() ? -Errno.EINVAL : -Errno.ENOENT;
    }
    byte[] bytes = CStrings.encode(target);
    poke(address, bytes);
    return bytes.length;
  }

  private long list(Open folder, long address) {
    if (folder.listed) {
      return 0;
    }
    folder.listed = true;
    String prefix = folder.path.endsWith("/") ? folder.path : folder.path + "/";
    List<String> names = new ArrayList<>(List.of(".", ".."));
    nodes.keySet().stream()
        .filter(path -> path.startsWith(prefix) && path.indexOf('/', prefix.length()) < 0)
        .map(path -> path.substring(prefix.length()))
        .filter(name -> !name.isEmpty())
        .forEach(names::add);
    if (folder.path.equals("/proc")) {
      processes.keySet().forEach(pid -> names.add(Integer.toString(pid)));
    }
    ByteBuffer entries = ByteBuffer.allocate(32 * 1024).order(java.nio.ByteOrder.nativeOrder());
    for (String name : names) {
      byte[] bytes = CStrings.encode(name);
      int length = 19 + bytes.length + 1;
      int at = entries.position();
      entries.putShort(at + 16, (short) length);
      entries.put(at + 19, bytes);
      entries.position(at + length);
    }
    poke(address, Arrays.copyOf(entries.array(), entries.position()));
    return entries.position();
  }

  private long makeDirectory(String path) {
    if (find(path).isPresent()) {
      return -Errno.EEXIST;
    }
    return find(parent(path)).orElse(null) instanceof Folder
        ? done(() -> directory(path, 0755 & ~umask))
        : -Errno.ENOENT;
  }

  private long rename(String from, String to) {
    Node node = nodes.remove(from);
    if (node == null) {
      return -Errno.ENOENT;
    }
    if (nodes.get(to) instanceof Folder) {
      nodes.put(from, node);
      return -Errno.EISDIR;
    }
    nodes.put(to, node);
    tellWatches(to);
    return 0;
  }
}
