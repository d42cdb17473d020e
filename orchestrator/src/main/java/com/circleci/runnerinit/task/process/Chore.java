package com.circleci.runnerinit.task.process;

import com.circleci.runnerinit.linux.Interest;
import java.util.Optional;

/** Something that goes on beside the flow of a task, a little at a time, and never waits. */
public interface Chore {
  long NEVER = Long.MAX_VALUE;

  /** What to wake up for; empty: nothing but time. */
  default Optional<Interest> interest() {
    return Optional.empty();
  }

  /** How many nanoseconds from now on it is due all the same; {@link #NEVER}: it is not. */
  default long dueIn() {
    return NEVER;
  }

  /** Does what can be done now. Called at every turn, due or not. */
  void turn();
}
