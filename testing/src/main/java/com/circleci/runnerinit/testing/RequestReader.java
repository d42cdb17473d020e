package com.circleci.runnerinit.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads HTTP/1.1 requests, and refuses what a strict server would. */
final class RequestReader {
  private static final Pattern REQUEST_LINE = Pattern.compile("([A-Z]+) (/\\S*) HTTP/1\\.1");
  private static final Pattern FIELD = Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)");

  private final InputStream in;

  RequestReader(InputStream in) {
    this.in = in;
  }

  /** The next request, or nothing when the client has closed the connection between two. */
  Optional<Call> read() throws IOException {
    var first = line();
    if (first.isEmpty()) {
      return Optional.empty();
    }
    var request = REQUEST_LINE.matcher(first.get());
    if (!request.matches()) {
      throw new MalformedRequest("request line: " + first.get());
    }
    var headers = headers();
    if (headers.getOrDefault("host", List.of()).size() != 1) {
      throw new MalformedRequest("needs one Host");
    }
    return Optional.of(
        new Call(
            Instant.now(),
            request.group(1),
            request.group(2),
            headers,
            new String(body(headers), UTF_8)));
  }

  private Map<String, List<String>> headers() throws IOException {
    var headers = new LinkedHashMap<String, List<String>>();
    while (true) {
      var text = line().orElseThrow(() -> new MalformedRequest("ends within its headers"));
      if (text.isEmpty()) {
        return headers;
      }
      var field = FIELD.matcher(text);
      if (!field.matches()) {
        throw new MalformedRequest("header field: " + text);
      }
      headers
          .computeIfAbsent(field.group(1).toLowerCase(Locale.ROOT), _ -> new ArrayList<>())
          .add(field.group(2).stripTrailing());
    }
  }

  private byte[] body(Map<String, List<String>> headers) throws IOException {
    var length = headers.get("content-length");
    if (headers.containsKey("transfer-encoding")) {
      if (length != null) {
        throw new MalformedRequest("both Content-Length and Transfer-Encoding");
      }
      return chunks();
    }
    return length == null ? new byte[0] : exactly(Integer.parseInt(length.getFirst()));
  }

  private byte[] chunks() throws IOException {
    var body = new ByteArrayOutputStream();
    while (true) {
      var size = line().orElseThrow(() -> new MalformedRequest("ends within a chunk"));
      var chunk = exactly(Integer.parseInt(size, 16));
      body.write(chunk);
      if (line().filter(String::isEmpty).isEmpty()) {
        throw new MalformedRequest("chunk without its end");
      }
      if (chunk.length == 0) {
        return body.toByteArray();
      }
    }
  }

  private byte[] exactly(int length) throws IOException {
    var bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new MalformedRequest("body of %d bytes, not %d".formatted(bytes.length, length));
    }
    return bytes;
  }

  private Optional<String> line() throws IOException {
    var bytes = new ByteArrayOutputStream();
    for (var b = in.read(); b >= 0; b = in.read()) {
      if (b == '\n') {
        var text = bytes.toString(ISO_8859_1);
        if (!text.endsWith("\r")) {
          throw new MalformedRequest("line without CR: " + text);
        }
        return Optional.of(text.substring(0, text.length() - 1));
      }
      bytes.write(b);
    }
    if (bytes.size() > 0) {
      throw new MalformedRequest("ends within a line: " + bytes.toString(ISO_8859_1));
    }
    return Optional.empty();
  }

  static final class MalformedRequest extends IOException {
    private static final long serialVersionUID = 1;

    MalformedRequest(String message) {
      super(message);
    }
  }
}
