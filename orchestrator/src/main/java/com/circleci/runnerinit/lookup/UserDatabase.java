package com.circleci.runnerinit.lookup;

import com.circleci.runnerinit.linux.CStrings;
import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** The container's own users and groups: passwd(5) and group(5), with no name service. */
public final class UserDatabase {
  /** What Docker and Kubernetes take. */
  private static final long MOST_GIVEN = Integer.MAX_VALUE;

  /** The last that Linux has: one more means "no user". */
  private static final long MOST_KNOWN = 0xffff_fffeL;

  private static final int BLOCK_BYTES = 64 * 1024;

  /** A longer line is no entry. */
  private static final int LONGEST_LINE_BYTES = 64 * 1024;

  private static final int MOST_MEBIBYTES = 16;

  private static final Set<Integer> ABSENT =
      Set.of(Errno.ENOENT, Errno.ENOTDIR, Errno.EACCES, Errno.ELOOP);

  private final Kernel kernel;
  private final String passwd;
  private final String group;

  public UserDatabase(Kernel kernel) {
    this(kernel, "/etc/passwd", "/etc/group");
  }

  UserDatabase(Kernel kernel, String passwd, String group) {
    this.kernel = kernel;
    this.passwd = passwd;
    this.group = group;
  }

  /**
   * Finds whom a task is to run as, as Docker does: what is a number is never a name, and need not
   * be in the database.
   *
   * @param user a name or a uid, and maybe a colon and a group's name or gid
   * @throws LookupException when there is no such user or group
   */
  public TaskUser find(String user) throws LookupException {
    int colon = user.indexOf(':');
    String name = colon < 0 ? user : user.substring(0, colon);
    Optional<Long> number = given(name, user);
    Optional<Entry> account =
        search(
            passwd,
            entry -> number.isPresent() ? entry.id() == number.get() : entry.name().equals(name));
    long uid =
        account
            .map(Entry::id)
            .or(() -> number)
            .orElseThrow(() -> new LookupException("user: unknown user " + user));
    // A uid without an account has the group that container runtimes give it.
    long gid =
        colon < 0 ? account.map(Entry::gid).orElse(0L) : gidOf(user.substring(colon + 1), user);

    Set<Long> groups = new TreeSet<>();
    groups.add(gid);
    if (account.isPresent()) {
      groups.addAll(groupsOf(account.get().name()));
    }
    groups.addAll(groupsOfThePod());
    return new TaskUser(
        account.map(Entry::name).orElse(Long.toString(uid)),
        account.map(Entry::home).filter(home -> !home.isEmpty()).orElse("/"),
        uid,
        gid,
        List.copyOf(groups));
  }

  private long gidOf(String name, String user) throws LookupException {
    Optional<Long> number = given(name, user);
    return number.isPresent()
        ? number.get()
        : search(group, entry -> entry.name().equals(name))
            .map(Entry::id)
            .orElseThrow(() -> new LookupException("user: unknown group in " + user));
  }

  private static Optional<Long> given(String text, String user) throws LookupException {
    boolean digits = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    Optional<Long> number = number(text, MOST_GIVEN);
    if (digits && number.isEmpty()) {
      throw new LookupException(
          "user: a uid or gid is at most " + MOST_GIVEN + ", but got " + user);
    }
    return number;
  }

  /**
   * The groups that Kubernetes gave this process, its fsGroup among them: those that this process's
   * own user has no claim to by the database.
   */
  private Set<Long> groupsOfThePod() throws LookupException {
    try {
      Set<Long> groups = new TreeSet<>(kernel.processes().groups());
      long self = kernel.processes().userId();
      Optional<Entry> own = search(passwd, entry -> entry.id() == self);
      if (own.isPresent()) {
        groups.remove(own.get().gid());
        groups.removeAll(groupsOf(own.get().name()));
      }
      groups.remove(0L);
      return groups;
    } catch (KernelException e) {
      throw new LookupException("user: " + e.getMessage());
    }
  }

  private Set<Long> groupsOf(String user) throws LookupException {
    Set<Long> groups = new TreeSet<>();
    search(
        group,
        entry -> {
          if (entry.hasMember(user)) {
            groups.add(entry.id());
          }
          return false;
        });
    return groups;
  }

  /**
   * The first entry that is wanted. The image or the task may have put anything where the file
   * belongs: it must be a regular one, and is read up to a bound, line by line.
   */
  private Optional<Entry> search(String file, Predicate<Entry> wanted) throws LookupException {
    try {
      int descriptor = kernel.files().openForReading(file);
      try (NativeBlock block = kernel.memory().allocate(BLOCK_BYTES)) {
        if (!kernel.files().status(descriptor, file).isRegular()) {
          throw new LookupException("user: " + file + " is not a regular file");
        }
        return search(file, descriptor, block, wanted);
      } finally {
        kernel.descriptors().close(descriptor);
      }
    } catch (KernelException e) {
      // A file that is missing or not for us has no entries: many images have none. Where it is
      // only out of reach for now, the task would run with another group, or without some.
      if (ABSENT.contains(e.errno())) {
        return Optional.empty();
      }
      throw new LookupException("user: " + e.getMessage());
    }
  }

  private Optional<Entry> search(
      String file, int descriptor, NativeBlock block, Predicate<Entry> wanted)
      throws KernelException, LookupException {
    int columns = file.equals(passwd) ? 7 : 4;
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    Optional<Entry> found = Optional.empty();
    int left = MOST_MEBIBYTES << 20;
    int read;
    while (found.isEmpty()
        && (read = kernel.descriptors().read(descriptor, block, BLOCK_BYTES)) > 0) {
      left -= read;
      if (left < 0) {
        throw new LookupException("user: " + file + " is larger than " + MOST_MEBIBYTES + " MiB");
      }
      for (int at = 0; at < read && found.isEmpty(); at++) {
        byte b = block.bytes().get(at);
        if (b == '\n') {
          found = Entry.parse(line, columns).filter(wanted);
          line.reset();
        } else if (line.size() <= LONGEST_LINE_BYTES) {
          // One byte past the limit is enough to know that it was passed.
          line.write(b);
        }
      }
    }
    return found.isPresent() ? found : Entry.parse(line, columns).filter(wanted);
  }

  private static Optional<Long> number(String text, long most) {
    if (text.isEmpty() || text.length() > 18 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return Optional.empty();
    }
    return Optional.of(Long.parseLong(text)).filter(value -> value <= most);
  }

  /** A line of passwd(5) or group(5): a name, a password, an id, and what is of one file only. */
  private record Entry(long id, List<String> fields) {
    static Optional<Entry> parse(ByteArrayOutputStream line, int columns) {
      String text = line.size() <= LONGEST_LINE_BYTES ? CStrings.decode(line.toByteArray()) : "";
      List<String> fields = List.of(text.split(":", -1));
      return fields.size() != columns
              || fields.getFirst().isEmpty()
              || (columns > 4 && number(fields.get(3), MOST_KNOWN).isEmpty())
          ? Optional.empty()
          : number(fields.get(2), MOST_KNOWN).map(id -> new Entry(id, fields));
    }

    String name() {
      return fields.getFirst();
    }

    long gid() {
      return Long.parseLong(fields.get(3));
    }

    String home() {
      return fields.get(5);
    }

    boolean hasMember(String user) {
      return List.of(fields.get(3).split(",", -1)).contains(user);
    }
  }
}
