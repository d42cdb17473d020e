package com.circleci.runnerinit.lookup;

import com.circleci.runnerinit.linux.Credentials;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Whom the task agent runs as.
 *
 * @param groups all of them, {@code gid} too
 */
public record TaskUser(String name, String home, long uid, long gid, List<Long> groups) {
  public TaskUser {
    groups = List.copyOf(groups);
  }

  /**
   * What a process has to set to be this user; empty: it is already. What is right is left alone,
   * since a user namespace can deny setgroups(2).
   */
  public Optional<Credentials> change(long ownUid, long ownGid, List<Long> ownGroups) {
    boolean sameGroups = withGid(groups).equals(withGid(ownGroups));
    // Without privileges the groups of the same user can't be set; they are what the runtime gave.
    return uid == ownUid && gid == ownGid && (sameGroups || ownUid != 0)
        ? Optional.empty()
        : Optional.of(
            new Credentials(uid, gid, sameGroups ? Optional.empty() : Optional.of(groups)));
  }

  private Set<Long> withGid(List<Long> supplementary) {
    Set<Long> all = new HashSet<>(supplementary);
    all.add(gid);
    return all;
  }

  /** What login(1) sets. */
  public Map<String, String> environment() {
    return Map.of("HOME", home, "USER", name, "LOGNAME", name);
  }
}
