package com.circleci.runnerinit.linux;

import java.util.List;
import java.util.Optional;

/**
 * Whom a child runs as: credentials(7).
 *
 * @param groups the supplementary groups; empty: they are right already, and are not to be set,
 *     which a user namespace may deny
 */
public record Credentials(long uid, long gid, Optional<List<Long>> groups) {
  public Credentials {
    groups = groups.map(List::copyOf);
  }
}
