package com.circleci.runnerinit.task;

/** The two children that the orchestrator starts. */
public enum Role {
  ENTRYPOINT("custom entrypoint"),
  AGENT("task agent");

  private final String description;

  Role(String description) {
    this.description = description;
  }

  @Override
  public String toString() {
    return description;
  }
}
