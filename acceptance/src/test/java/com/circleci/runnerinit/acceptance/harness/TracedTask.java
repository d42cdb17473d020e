package com.circleci.runnerinit.acceptance.harness;

/** A task whose orchestrator is traced. */
public record TracedTask(Container container, Tracer tracer) {}
