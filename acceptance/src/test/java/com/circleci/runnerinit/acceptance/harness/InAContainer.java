package com.circleci.runnerinit.acceptance.harness;

import static java.lang.annotation.ElementType.TYPE;
import static java.lang.annotation.RetentionPolicy.RUNTIME;

import java.lang.annotation.Retention;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/** Gives each test of the class its own {@link Scenario}, by parameter, and checks and ends it. */
@ExtendWith(ScenarioExtension.class)
@Retention(RUNTIME)
@Target(TYPE)
public @interface InAContainer {}
