package com.circleci.runnerinit.health;

import java.util.Map;

/** An answer as a client reads it; the header names in lower case. */
record Response(int status, Map<String, String> headers, String body) {
  String header(String name) {
    return headers.getOrDefault(name, "");
  }
}
