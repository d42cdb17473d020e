package com.circleci.runnerinit.clients.runner.testing;

import java.util.List;
import java.util.Locale;

/**
 * A request as a server got it.
 *
 * @param firstRead how many of its bytes came with the first read
 * @param size its bytes in all
 */
public record ReceivedRequest(
    String line, List<String> headers, String body, int firstRead, int size) {

  /** The value of a header, which must be there once. */
  public String header(String name) {
    List<String> values = values(name);
    if (values.size() != 1) {
      throw new AssertionError(name + " is there " + values.size() + " times in " + headers);
    }
    return values.getFirst();
  }

  public List<String> values(String name) {
    String prefix = name.toLowerCase(Locale.ROOT) + ": ";
    return headers.stream()
        .filter(header -> header.toLowerCase(Locale.ROOT).startsWith(prefix))
        .map(header -> header.substring(prefix.length()))
        .toList();
  }
}
