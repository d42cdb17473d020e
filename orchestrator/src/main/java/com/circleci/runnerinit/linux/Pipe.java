package com.circleci.runnerinit.linux;

/** The two ends of a pipe (pipe(7)). */
public record Pipe(int readEnd, int writeEnd) {}
