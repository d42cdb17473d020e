package com.circleci.runnerinit.smoke;

import static java.lang.annotation.ElementType.METHOD;
import static java.lang.annotation.RetentionPolicy.RUNTIME;

import java.lang.annotation.Retention;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Runs a test for each base image of {@code smoke/base.Dockerfile}, in each security context, with
 * whether the image has a program to run.
 */
@Target(METHOD)
@Retention(RUNTIME)
@ParameterizedTest(name = "{0}, {1}")
@CsvSource({
  "nothing, plain, false",
  "nothing, restricted, false",
  "one-file, plain, false",
  "one-file, restricted, false",
  "busybox, plain, true",
  "busybox, restricted, true",
  "glibc, plain, true",
  "glibc, restricted, true",
  "debian, plain, true",
  "debian, restricted, true",
  "musl, plain, true",
  "musl, restricted, true",
})
@interface OverEveryBaseImage {}
