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
import java.util.function.Function;

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
    Optional<Account> account =
        search(
            passwd,
            line ->
                Account.parse(line)
                    .filter(entry ->
                        number.isPresent()
                            ? entry.uid() == number.get()
                            : entry.name().equals(name)));
    long uid =
        account
            .map(Account::uid)
            .or(() -> number)
            .orElseThrow(() -> new LookupException("user: unknown user " + user));
    // A uid without an account has the group that container runtimes give it.
    long gid =
        colon < 0 ? account.map(Account::gid).orElse(0L) : gidOf(user.substring(colon + 1), user);

    Set<Long> groups = new TreeSet<>();
    groups.add(gid);
    if (account.isPresent()) {
      groups.addAll(groupsOf(account.get().name()));
    }
    groups.addAll(groupsOfThePod());
    return new TaskUser(
        account.map(Account::name).orElse(Long.toString(uid)),
        account.map(Account::home).filter(home -> !home.isEmpty()).orElse("/"),
        uid,
        gid,
        List.copyOf(groups));
  }

  private long gidOf(String name, String user) throws LookupException {
    Optional<Long> number = given(name, user);
    if (number.isPresent()) {
      return number.get();
    }
    return search(group, line -> Group.parse(line).filter(entry -> entry.name().equals(name)))
        .map(Group::gid)
        .orElseThrow(() -> new LookupException("user: unknown group in " + user));
  }

  private static Optional<Long> given(String text, String user) throws LookupException {
    boolean digits = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    Optional<Long> number = id(text, MOST_GIVEN);
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
      Optional<Account> own =
          search(passwd, line -> Account.parse(line).filter(entry -> entry.uid() == self));
      if (own.isPresent()) {
        groups.remove(own.get().gid());
        groups.removeAll(groupsOf(own.get().name()));
      }
      groups.remove(0L);
      return groups;
    } catch (KernelException e) {
      throw new LookupException("user: " + e.description());
    }
  }

  private Set<Long> groupsOf(String user) throws LookupException {
    Set<Long> groups = new TreeSet<>();
    search(
        group,
        line -> {
          Group.parse(line)
              .filter(entry -> entry.members().contains(user))
              .ifPresent(entry -> groups.add(entry.gid()));
          return Optional.empty();
        });
    return groups;
  }

  /**
   * What the first line gives that gives something. The image or the task may have put anything
   * where the file belongs: it must be a regular one, and is read up to a bound, line by line.
   */
  private <T> Optional<T> search(String file, Function<String, Optional<T>> entry)
      throws LookupException {
    try {
      int descriptor = kernel.files().openForReading(file);
      NativeBlock block = kernel.memory().allocate(BLOCK_BYTES);
      try {
        if (!kernel.files().status(descriptor, file).isRegular()) {
          throw new LookupException("user: " + file + " is not a regular file");
        }
        return search(file, descriptor, block, entry);
      } finally {
        kernel.memory().release(block);
        kernel.descriptors().close(descriptor);
      }
    } catch (KernelException e) {
      // A file that is missing or not for us has no entries: many images have none. Where it is
      // only out of reach for now, the task would run with another group, or without some.
      if (ABSENT.contains(e.errno())) {
        return Optional.empty();
      }
      throw new LookupException("user: " + e.description());
    }
  }

  private <T> Optional<T> search(
      String file, int descriptor, NativeBlock block, Function<String, Optional<T>> entry)
      throws KernelException, LookupException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int left = MOST_MEBIBYTES << 20;
    int read;
    while ((read = kernel.descriptors().read(descriptor, block)) > 0) {
      left -= read;
      if (left < 0) {
        throw new LookupException("user: " + file + " is larger than " + MOST_MEBIBYTES + " MiB");
      }
      for (int at = 0; at < read; at++) {
        byte b = block.bytes().get(at);
        if (b != '\n') {
          // One byte past the limit is enough to know that it was passed.
          if (line.size() <= LONGEST_LINE_BYTES) {
            line.write(b);
          }
        } else {
          Optional<T> found = entry(line, entry);
          if (found.isPresent()) {
            return found;
          }
        }
      }
    }
    return entry(line, entry);
  }

  private static <T> Optional<T> entry(
      ByteArrayOutputStream line, Function<String, Optional<T>> entry) {
    String text = line.size() <= LONGEST_LINE_BYTES ? CStrings.decode(line.toByteArray()) : "";
    line.reset();
    return entry.apply(text);
  }

  private static Optional<Long> id(String text, long most) {
    if (text.isEmpty() || text.length() > 18 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return Optional.empty();
    }
    return Optional.of(Long.parseLong(text)).filter(value -> value <= most);
  }

  /** A line of passwd(5). */
  private record Account(String name, long uid, long gid, String home) {
    static Optional<Account> parse(String line) {
      String[] fields = line.split(":", -1);
      if (fields.length != 7 || fields[0].isEmpty()) {
        return Optional.empty();
      }
      Optional<Long> uid = id(fields[2], MOST_KNOWN);
      Optional<Long> gid = id(fields[3], MOST_KNOWN);
      return uid.isEmpty() || gid.isEmpty()
          ? Optional.empty()
          : Optional.of(new Account(fields[0], uid.get(), gid.get(), fields[5]));
    }
  }

  /** A line of group(5). */
  private record Group(String name, long gid, List<String> members) {
    static Optional<Group> parse(String line) {
      String[] fields = line.split(":", -1);
      return fields.length != 4 || fields[0].isEmpty()
          ? Optional.empty()
          : id(fields[2], MOST_KNOWN)
              .map(gid -> new Group(fields[0], gid, List.of(fields[3].split(","))));
    }
  }
}
