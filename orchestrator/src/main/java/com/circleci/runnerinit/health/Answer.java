package com.circleci.runnerinit.health;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.impl.EnglishReasonPhraseCatalog;

/**
 * An answer as the endpoints give it, before it is put into a message.
 *
 * @param allow the methods that would have been allowed, when the one used was not
 */
record Answer(int status, String contentType, String body, Optional<String> allow) {
  static final Answer NOT_FOUND = text(HttpStatus.SC_NOT_FOUND, "404 page not found");
  static final Answer METHOD_NOT_ALLOWED =
      new Answer(
          HttpStatus.SC_METHOD_NOT_ALLOWED,
          "text/plain",
          "405 method not allowed",
          Optional.of("GET, HEAD"));

  Answer {
    requireNonNull(contentType, "contentType is null");
    requireNonNull(body, "body is null");
    requireNonNull(allow, "allow is null");
  }

  Answer(int status, String contentType, String body) {
    this(status, contentType, body, Optional.empty());
  }

  /** An answer that says no more than its status does. */
  static Answer ofStatus(int status) {
    return text(status, status + " " + EnglishReasonPhraseCatalog.INSTANCE.getReason(status, null));
  }

  private static Answer text(int status, String body) {
    return new Answer(status, "text/plain", body);
  }
}
