package com.circleci.runnerinit.acceptance;

import com.circleci.runnerinit.acceptance.harness.Scenario;

/** The orchestrator as the first process of its namespace, or below another one. */
enum Place {
  PID_1,
  SUBREAPER;

  Scenario in(Scenario scenario) {
    return this == SUBREAPER ? scenario.underAnInit() : scenario;
  }
}
