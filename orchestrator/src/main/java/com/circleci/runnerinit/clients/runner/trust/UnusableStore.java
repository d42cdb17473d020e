package com.circleci.runnerinit.clients.runner.trust;

import com.circleci.runnerinit.log.EventLog;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Says that a certificate store can't be used. The others may do. */
final class UnusableStore {
  private UnusableStore() {}

  static void warn(EventLog log, String place, String reason) {
    log.event("runner API: trusted certificates")
        .with("path", place)
        .warning("certificate store can't be used, going on without it: " + reason)
        .write();
  }

  /** What hindered reading, in the words of strerror(3) where it has them. */
  static String reason(Exception e) {
    return switch (e) {
      case NoSuchFileException missing -> "no such file or directory";
      case AccessDeniedException denied -> "permission denied";
      case NotDirectoryException file -> "not a directory";
      default -> e.getMessage() == null ? "it can't be read" : e.getMessage();
    };
  }
}
