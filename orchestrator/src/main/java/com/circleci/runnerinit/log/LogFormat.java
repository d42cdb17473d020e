package com.circleci.runnerinit.log;

/** The two forms in which the same events are written. */
public enum LogFormat {
  TEXT,
  JSON
}
