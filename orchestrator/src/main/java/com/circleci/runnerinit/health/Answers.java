package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.UnsupportedHttpVersionException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.DefaultContentLengthStrategy;
import org.apache.hc.core5.http.impl.EnglishReasonPhraseCatalog;
import org.apache.hc.core5.http.impl.ServerSupport;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestParser;
import org.apache.hc.core5.http.impl.io.SessionInputBufferImpl;

/**
 * From the bytes of a request's head to those of its answer: {@code /live}, {@code /ready} and
 * {@code /metrics}, and nothing else. The connection ends with each.
 */
final class Answers {
  private static final Http1Config CONFIG = Http1Config.custom().setMaxHeaderCount(100).build();

  private static final String JSON = "application/json; charset=utf-8";
  private static final String NOT_ALLOWED = "405 Method Not Allowed";
  private static final String TEXT = "text/plain";

  private static final String DAYS = "MonTueWedThuFriSatSun";
  private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

  private final HealthServer.State state;
  private final Consumer<Exception> faults;

  Answers(HealthServer.State state, Consumer<Exception> faults) {
    this.state = state;
    this.faults = faults;
  }

  /** Never throws for what the bytes hold; what follows the head in them is ignored. */
  String to(byte[] head) {
    try {
      ClassicHttpRequest request = parse(head);
      String answer = answer(request);
      return request.getMethod().equals("HEAD")
          ? answer.substring(0, answer.indexOf("\r\n\r\n") + 4)
          : answer;
    } catch (HttpException e) {
      return refusal(ServerSupport.toStatusCode(e));
    } catch (IOException | RuntimeException e) {
      faults.accept(e);
      return refusal(HttpStatus.SC_INTERNAL_SERVER_ERROR);
    }
  }

  /** The answer that says no more than its status does. */
  static String refusal(int status) {
    String text = status + " " + EnglishReasonPhraseCatalog.INSTANCE.getReason(status, null);
    return message(text, TEXT, text);
  }

  private static ClassicHttpRequest parse(byte[] head) throws HttpException, IOException {
    ClassicHttpRequest request;
    try {
      SessionInputBufferImpl buffer = new SessionInputBufferImpl(head.length);
      request = new DefaultHttpRequestParser(CONFIG).parse(buffer, new ByteArrayInputStream(head));
    } catch (IllegalArgumentException e) {
      throw new ProtocolException("malformed", e);
    }
    if (request == null) {
      throw new ProtocolException("nothing but empty lines");
    }
    if (request.getVersion().getMajor() != 1) {
      throw new UnsupportedHttpVersionException(request.getVersion());
    }
    int hosts = request.countHeaders(HttpHeaders.HOST);
    if (hosts > 1 || (hosts == 0 && request.getVersion().greaterEquals(HttpVersion.HTTP_1_1))) {
      throw new ProtocolException("not one Host");
    }
    // The body is not read, but a length that is none gives a broken client away.
    DefaultContentLengthStrategy.INSTANCE.determineLength(request);
    return request;
  }

  private String answer(ClassicHttpRequest request) {
    String path = request.getPath().split("\\?", 2)[0];
    if (!List.of("/live", "/ready", "/metrics").contains(path)) {
      return message("404 Not Found", TEXT, "404 page not found");
    }
    if (!List.of("GET", "HEAD").contains(request.getMethod())) {
      return message(NOT_ALLOWED, TEXT, "405 method not allowed");
    }
    return switch (path) {
      case "/live" -> probe(state.isAlive(), "not live");
      case "/ready" -> probe(state.isReady(), "not ready");
      default -> message("200 OK", Metrics.CONTENT_TYPE, state.metrics().text());
    };
  }

  private static String probe(boolean passed, String failure) {
    String body =
        "{'status':'"
            + (passed ? "OK" : "Unavailable")
            + "','timestamp':'"
            + Instant.now()
            + (passed ? "'," : "','failures':{'orchestrator':'" + failure + "'},")
            + "'component':{'name':'','version':''}}";
    return message(passed ? "200 OK" : "503 Service Unavailable", JSON, body.replace('\'', '"'));
  }

  private static String message(String status, String contentType, String body) {
    return ("HTTP/1.1 " + status + "\r\n")
        + ("Date: " + date(Instant.now()) + "\r\n")
        + ("Content-Type: " + contentType + "\r\n")
        + ("Content-Length: " + body.getBytes(UTF_8).length + "\r\n")
        + "Connection: close\r\n"
        + (status.equals(NOT_ALLOWED) ? "Allow: GET, HEAD\r\n" : "")
        + ("\r\n" + body);
  }

  /** {@code Sun, 06 Nov 1994 08:49:37 GMT} (RFC 9110 §5.6.7), without java.time's formatters. */
  static String date(Instant time) {
    LocalDateTime date = LocalDateTime.ofEpochSecond(time.getEpochSecond(), 0, ZoneOffset.UTC);
    int day = 3 * date.getDayOfWeek().getValue();
    int month = 3 * date.getMonthValue();
    String iso = date + ":00"; // 1994-11-06T08:49:37, where seconds of zero are left out.
    return (DAYS.substring(day - 3, day) + ", " + iso.substring(8, 10) + " ")
        + (MONTHS.substring(month - 3, month) + " " + iso.substring(0, 4) + " ")
        + (iso.substring(11, 19) + " GMT");
  }
}
