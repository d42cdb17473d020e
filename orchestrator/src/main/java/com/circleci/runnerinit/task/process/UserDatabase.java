package com.circleci.runnerinit.task.process;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** The container's own users and groups: passwd(5) and group(5), with no name service. */
public final class UserDatabase {
  private static final String PASSWD = "/etc/passwd";
  private static final String GROUP = "/etc/group";
  private static final long MAX_ID = 0xffff_fffeL;
  private static final Set<Integer> ABSENT =
      Set.of(Errno.ENOENT, Errno.ENOTDIR, Errno.EACCES, Errno.EISDIR, Errno.ELOOP);

  private final Kernel kernel;

  public UserDatabase(Kernel kernel) {
    this.kernel = requireNonNull(kernel, "kernel is null");
  }

  /**
   * Finds whom a task is to run as.
   *
   * @param user a name, a uid, or {@code uid:gid}; a uid need not be in the database
   * @throws UnknownUserException when there is no such user
   */
  public TaskUser find(String user) throws UnknownUserException {
    int colon = user.indexOf(':');
    if (colon >= 0) {
      Optional<Long> uid = id(user.substring(0, colon));
      Optional<Long> gid = id(user.substring(colon + 1));
      if (uid.isEmpty() || gid.isEmpty()) {
        throw new UnknownUserException("user: expected a name, a uid or uid:gid, but got " + user);
      }
      Optional<Account> account = account(entry -> entry.uid() == uid.get());
      return taskUser(account, uid.get(), gid.get());
    }
    Optional<Account> byName = account(entry -> entry.name().equals(user));
    if (byName.isPresent()) {
      return taskUser(byName, byName.get().uid(), byName.get().gid());
    }
    long uid = id(user).orElseThrow(() -> new UnknownUserException("user: unknown user " + user));
    Optional<Account> byUid = account(entry -> entry.uid() == uid);
    // A uid without an account has the group that container runtimes give it.
    return taskUser(byUid, uid, byUid.map(Account::gid).orElse(0L));
  }

  private TaskUser taskUser(Optional<Account> account, long uid, long gid)
      throws UnknownUserException {
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

  /**
   * The groups that Kubernetes gave this process, its fsGroup among them: those that this process's
   * own user has no claim to by the database.
   */
  private Set<Long> groupsOfThePod() throws UnknownUserException {
    try {
      Set<Long> groups = new TreeSet<>(kernel.processes().groups());
      long self = kernel.processes().userId();
      Optional<Account> own = account(entry -> entry.uid() == self);
      if (own.isPresent()) {
        groups.remove(own.get().gid());
        groups.removeAll(groupsOf(own.get().name()));
      }
      groups.remove(0L);
      return groups;
    } catch (KernelException e) {
      throw new UnknownUserException(e.description());
    }
  }

  private Optional<Account> account(Predicate<Account> wanted) throws UnknownUserException {
    Search<Account> search = new Search<>();
    eachLine(
        PASSWD,
        line -> {
          Optional<Account> account = Account.parse(line);
          return account.filter(wanted).map(search::found).orElse(false);
        });
    return search.result;
  }

  private Set<Long> groupsOf(String user) throws UnknownUserException {
    Set<Long> groups = new TreeSet<>();
    eachLine(
        GROUP,
        line -> {
          String[] fields = line.split(":", -1);
          if (fields.length == 4 && List.of(fields[3].split(",")).contains(user)) {
            id(fields[2]).ifPresent(groups::add);
          }
          return false;
        });
    return groups;
  }

  private void eachLine(String file, Predicate<String> until) throws UnknownUserException {
    try {
      FileLines.read(kernel, file, until);
    } catch (KernelException e) {
      // A file that is missing or not for us has no entries: many images have none. Where it is
      // only out of reach for now, the task would run with another group, or without some.
      if (!ABSENT.contains(e.errno())) {
        throw new UnknownUserException("user: " + e.description());
      }
    }
  }

  private static Optional<Long> id(String text) {
    boolean digits =
        !text.isEmpty() && text.length() <= 10 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits
        ? Optional.of(Long.parseLong(text)).filter(value -> value <= MAX_ID)
        : Optional.empty();
  }

  /** Remembers the first that was found. */
  private static final class Search<T> {
    private Optional<T> result = Optional.empty();

    boolean found(T value) {
      result = Optional.of(value);
      return true;
    }
  }

  /** A line of passwd(5). */
  private record Account(String name, long uid, long gid, String home) {
    static Optional<Account> parse(String line) {
      String[] fields = line.split(":", -1);
      if (fields.length != 7 || fields[0].isEmpty()) {
        return Optional.empty();
      }
      Optional<Long> uid = id(fields[2]);
      Optional<Long> gid = id(fields[3]);
      return uid.isEmpty() || gid.isEmpty()
          ? Optional.empty()
          : Optional.of(new Account(fields[0], uid.get(), gid.get(), fields[5]));
    }
  }
}
