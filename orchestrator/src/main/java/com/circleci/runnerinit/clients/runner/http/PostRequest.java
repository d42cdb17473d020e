package com.circleci.runnerinit.clients.runner.http;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.clients.runner.url.Url;
import java.util.List;

/** What is posted, and where. */
public final class PostRequest {
  private final Url server;
  private final String path;
  private final List<HeaderField> headers;
  private final byte[] body;

  /**
   * @param path on the server, the server's own base path included
   * @param headers all but those that the exchange itself needs: host, length and connection
   */
  public PostRequest(Url server, String path, List<HeaderField> headers, byte[] body) {
    this.server = requireNonNull(server, "server is null");
    this.path = requireNonNull(path, "path is null");
    this.headers = List.copyOf(headers);
    this.body = body.clone();
  }

  Url server() {
    return server;
  }

  String path() {
    return path;
  }

  List<HeaderField> headers() {
    return headers;
  }

  byte[] body() {
    return body.clone();
  }
}
