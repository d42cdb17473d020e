package com.circleci.runnerinit.linux;

import java.util.List;

/** Whom a child runs as: credentials(7). */
public record Credentials(long uid, long gid, List<Long> groups) {
  public Credentials {
    groups = List.copyOf(groups);
  }
}
