package com.circleci.runnerinit.clients.runner.http;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.configuration.Secret;
import java.util.Optional;

/** A header field of a request. Its value may be a secret, so its string form does not show it. */
public record HeaderField(String name, Secret value) {
  public HeaderField {
    requireNonNull(name, "name is null");
    requireNonNull(value, "value is null");
  }

  public static HeaderField of(String name, String value) {
    return new HeaderField(name, new Secret(value));
  }

  /**
   * Says what keeps the value from being sent as it is: a character outside of visible ASCII, space
   * and tab (RFC 9110 §5.5). The message names the place, not the character.
   */
  Optional<String> defect() {
    String text = value.reveal();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < ' ' && c != '\t') || c >= 0x7f) {
        return Optional.of(
            String.valueOf(
                "invalid value of the header "
                    + name
                    + ": its character "
                    + (i + 1)
                    + " of "
                    + text.length()
                    + (c == '\r' || c == '\n' ? " is a line break" : " is not visible ASCII")));
      }
    }
    return Optional.empty();
  }
}
