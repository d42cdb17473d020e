package com.circleci.runnerinit.init;

/** Asked now and then whether to stop. */
@FunctionalInterface
public interface Interruption {
  /**
   * Returns when the work may go on.
   *
   * @throws InitException when it may not
   */
  void check() throws InitException;
}
