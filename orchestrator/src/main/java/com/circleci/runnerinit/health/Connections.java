package com.circleci.runnerinit.health;

import com.circleci.runnerinit.health.Connection.Stage;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The open connections, never more than the limit, and when each has taken too long. */
final class Connections {
  private final Limits limits;
  private final Set<Connection> open = new LinkedHashSet<>();

  Connections(Limits limits) {
    this.limits = limits;
  }

  /** Adds one; when there is no room, first closes the one that has had its chance. */
  void add(Connection connection) {
    if (open.size() >= limits.connections()) {
      closeOldest();
    }
    open.add(connection);
  }

  /** All of them, in the order of their arrival, as they are now. */
  List<Connection> all() {
    return List.copyOf(open);
  }

  void close(Connection connection) {
    open.remove(connection);
    connection.close();
  }

  /**
   * Closes the first that has had its answer, else the first that was accepted: by the order of
   * arrival nobody can make a newcomer, who is the likeliest to be a probe, the one to go.
   *
   * @return whether there was one
   */
  boolean closeOldest() {
    @Nullable Connection oldest = null;
    for (Connection connection : open) {
      if (connection.stage() == Stage.LINGERING) {
        oldest = connection;
        break;
      }
      oldest = oldest == null ? connection : oldest;
    }
    if (oldest == null) {
      return false;
    }
    close(oldest);
    return true;
  }

  /** Those whose time is up at a moment. */
  List<Connection> expired(long now) {
    List<Connection> expired = new ArrayList<>();
    for (Connection connection : open) {
      if (nanosLeft(connection, now) <= 0) {
        expired.add(connection);
      }
    }
    return expired;
  }

  /** The time until the next one expires, in nanoseconds; {@code Long.MAX_VALUE} if none will. */
  long nanosToNextExpiry(long now) {
    long nanos = Long.MAX_VALUE;
    for (Connection connection : open) {
      nanos = Math.min(nanos, nanosLeft(connection, now));
    }
    return nanos;
  }

  private long nanosLeft(Connection connection, long now) {
    return connection.since() + granted(connection.stage()) - now;
  }

  private long granted(Stage stage) {
    return switch (stage) {
      case RECEIVING -> limits.request().toNanos();
      case ANSWERING -> limits.answer().toNanos();
      case LINGERING -> limits.linger().toNanos();
    };
  }
}
