package com.circleci.runnerinit.acceptance.soak;

import com.circleci.runnerinit.testing.Answer;
import com.circleci.runnerinit.testing.FakeRunnerApi;
import com.circleci.runnerinit.testing.Route;
import java.util.Collections;
import java.util.List;

/**
 * How the runner API takes a call, and how many attempts that makes (spec, "Runner API client").
 */
enum ApiAnswer {
  OK(1, true),
  ERROR_ONCE(2, true),
  CLOSED_ONCE(2, true),
  RESET_ONCE(2, true),
  CONFLICT(1, false),
  NOT_FOUND(1, false);

  private final int attempts;
  private final boolean good;

  ApiAnswer(int attempts, boolean good) {
    this.attempts = attempts;
    this.good = good;
  }

  boolean isGood() {
    return good;
  }

  List<String> calls(Route route) {
    return Collections.nCopies(attempts, route.path());
  }

  void prepare(FakeRunnerApi api, Route route) {
    switch (this) {
      case OK -> {}
      case ERROR_ONCE -> api.answer(route, Answer.status(500));
      case CLOSED_ONCE -> api.answer(route, new Answer.Close());
      case RESET_ONCE -> api.answer(route, new Answer.Reset());
      case CONFLICT -> api.always(route, Answer.status(409));
      case NOT_FOUND -> api.always(route, Answer.status(404));
    }
  }
}
