package com.circleci.runnerinit.clients.runner.proxy;

/** The way that a request takes to its server. */
public sealed interface Passage {
  /** Straight to the server. */
  record Direct() implements Passage {}

  /** Straight to the server, since what the environment names is no proxy. */
  record DirectWithWarning(String warning) implements Passage {}

  /** Through a proxy. */
  record Through(Proxy proxy) implements Passage {}

  /** No way: the environment names one that can't be taken. */
  record Barred(String reason) implements Passage {}
}
