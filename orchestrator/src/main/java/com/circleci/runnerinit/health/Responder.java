package com.circleci.runnerinit.health;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.health.ParsedRequest.Refused;
import com.circleci.runnerinit.health.ParsedRequest.Request;
import java.nio.ByteBuffer;
import org.apache.hc.core5.http.HttpStatus;

/** From the bytes of a request's head to the bytes of its answer. */
final class Responder {
  private final Endpoints endpoints;
  private final FaultLog faults;

  Responder(Endpoints endpoints, FaultLog faults) {
    this.endpoints = requireNonNull(endpoints, "endpoints is null");
    this.faults = requireNonNull(faults, "faults is null");
  }

  /**
   * The bytes to send.
   *
   * @param last whether the connection ends with them
   */
  record Reply(ByteBuffer bytes, boolean last) {}

  Reply reply(byte[] head) {
    return switch (RequestParser.parse(head)) {
      case Refused refused -> refuse(refused.status());
      case Request request -> reply(request);
    };
  }

  /** The reply to what can't be read as a request. */
  Reply refuse(int status) {
    return new Reply(AnswerWriter.write(Answer.ofStatus(status), false, false), true);
  }

  private Reply reply(Request request) {
    try {
      Answer answer = endpoints.answer(request);
      boolean persistent = request.persistent();
      return new Reply(AnswerWriter.write(answer, persistent, request.isHead()), !persistent);
    } catch (RuntimeException e) {
      faults.report("request failed", e);
      return refuse(HttpStatus.SC_INTERNAL_SERVER_ERROR);
    }
  }
}
