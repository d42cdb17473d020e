package com.circleci.runnerinit.log;

/** The two forms in which the same events are written, one line an event. */
public enum LogFormat {
  /** {@code HH:MM:SS <5 hex> <ms>ms <event> key=value…}, as the original's console form. */
  TEXT,
  /** One JSON object. */
  JSON
}
