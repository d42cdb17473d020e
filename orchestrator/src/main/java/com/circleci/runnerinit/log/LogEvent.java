package com.circleci.runnerinit.log;

import java.io.IOException;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;

/** One event on its way into the log: a name, a duration and attributes. */
public final class LogEvent {
  private final EventLog log;
  final String name;
  private final long beginNanos = System.nanoTime();
  final SortedMap<String, Object> attributes = new TreeMap<>();

  LogEvent(EventLog log, String name) {
    this.log = log;
    this.name = name;
  }

  /** Adds an attribute of the application; its key gets the prefix {@code app.}. */
  public LogEvent with(String key, Object value) {
    return attribute("app." + key, value);
  }

  /** Adds an attribute whose key is written as it is, such as {@code http.status_code}. */
  public LogEvent attribute(String key, Object value) {
    attributes.put(key, value);
    return this;
  }

  public LogEvent success() {
    return attribute("result", "success");
  }

  public LogEvent error(String message) {
    return attribute("error", message).attribute("result", "error");
  }

  /** Marks the event as failed by something that was thrown, in words for users. */
  public LogEvent fault(Throwable thrown) {
    StackTraceElement[] trace = thrown.getStackTrace();
    if (!(thrown instanceof IOException) && trace.length > 0) {
      with("at", trace[0].getFileName() + ":" + trace[0].getLineNumber());
    }
    return error(inWords(thrown));
  }

  /** What was thrown, in words for users: the names of classes say nothing to them. */
  public static String inWords(Throwable thrown) {
    return switch (thrown) {
      case IOException refused -> String.valueOf(refused.getMessage());
      case OutOfMemoryError e when String.valueOf(e.getMessage()).contains("thread") ->
          "no thread could be started: out of memory or of processes";
      case OutOfMemoryError _ -> "out of memory";
      case StackOverflowError _ -> "out of stack";
      default -> "internal error, please report it";
    };
  }

  /** Says what is amiss while the program goes on. */
  public LogEvent warning(String message) {
    return attribute("warning", message);
  }

  public void write() {
    log.write(this);
  }

  /** The time since it began. */
  public Duration age() {
    return Duration.ofNanos(System.nanoTime() - beginNanos);
  }
}
