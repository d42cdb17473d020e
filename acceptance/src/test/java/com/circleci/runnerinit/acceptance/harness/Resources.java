package com.circleci.runnerinit.acceptance.harness;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Texts that the tests compare with, in src/test/resources. */
public final class Resources {
  private Resources() {}

  public static String read(String path) {
    try (var in = Resources.class.getResourceAsStream("/" + path)) {
      return new String(requireNonNull(in, path).readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
