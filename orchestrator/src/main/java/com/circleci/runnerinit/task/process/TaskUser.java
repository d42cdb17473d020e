package com.circleci.runnerinit.task.process;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.linux.Credentials;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whom the task agent runs as. */
public record TaskUser(String name, String home, long uid, long gid, List<Long> groups) {
  public TaskUser {
    requireNonNull(name, "name is null");
    requireNonNull(home, "home is null");
    groups = List.copyOf(groups);
  }

  public Credentials credentials() {
    return new Credentials(uid, gid, Optional.of(groups));
  }

  /** What login(1) sets. */
  public Map<String, String> environment() {
    return Map.of("HOME", home, "USER", name, "LOGNAME", name);
  }
}
