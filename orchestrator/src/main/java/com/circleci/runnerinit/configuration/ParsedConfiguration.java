package com.circleci.runnerinit.configuration;

import java.util.Optional;

/**
 * What could be read of a configuration, and what is wrong with the rest.
 *
 * @param problem names the field and the expected form, and never shows a value; empty: all is well
 */
public record ParsedConfiguration(Configuration configuration, Optional<String> problem) {}
