package com.circleci.runnerinit.health;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.NotImplementedException;
import org.apache.hc.core5.http.RequestHeaderFieldsTooLargeException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.DefaultContentLengthStrategy;
import org.apache.hc.core5.http.impl.EnglishReasonPhraseCatalog;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestParser;
import org.apache.hc.core5.http.impl.io.DefaultHttpResponseWriter;
import org.apache.hc.core5.http.impl.io.SessionInputBufferImpl;
import org.apache.hc.core5.http.impl.io.SessionOutputBufferImpl;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;
import org.jspecify.annotations.Nullable;

/**
 * From the bytes of a request's head to those of its answer: {@code /live}, {@code /ready} and
 * {@code /metrics}, and nothing else. The connection ends with each.
 */
final class Answers {
  private static final int MAX_HEADERS = 100;
  private static final int BUFFER_SIZE = 512;
  private static final Http1Config CONFIG =
      Http1Config.custom().setMaxHeaderCount(MAX_HEADERS).build();

  private static final String JSON = "application/json; charset=utf-8";
  private static final String TEXT = "text/plain";
  private static final String COMPONENT = "\"component\":{\"name\":\"\",\"version\":\"\"}}";

  private static final String DAYS = "MonTueWedThuFriSatSun";
  private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";

  private final HealthState state;
  private final FaultLog faults;

  Answers(HealthState state, FaultLog faults) {
    this.state = state;
    this.faults = faults;
  }

  private record Answer(int status, String contentType, String body, Optional<String> allow) {
    Answer(int status, String contentType, String body) {
      this(status, contentType, body, Optional.empty());
    }
  }

  /** Never throws for what the bytes hold. */
  ByteBuffer to(byte[] head) {
    try {
      @Nullable ClassicHttpRequest request = parse(head);
      if (request == null) {
        return refusal(HttpStatus.SC_BAD_REQUEST);
      }
      if (request.getVersion().getMajor() != 1) {
        return refusal(HttpStatus.SC_HTTP_VERSION_NOT_SUPPORTED);
      }
      int hosts = request.countHeaders(HttpHeaders.HOST);
      if (hosts > 1 || (hosts == 0 && request.getVersion().greaterEquals(HttpVersion.HTTP_1_1))) {
        return refusal(HttpStatus.SC_BAD_REQUEST);
      }
      // The body is not read, but a length that is none gives a broken client away.
      DefaultContentLengthStrategy.INSTANCE.determineLength(request);
      return message(answer(request), request.getMethod().equals("HEAD"));
    } catch (RequestHeaderFieldsTooLargeException e) {
      return refusal(HttpStatus.SC_REQUEST_HEADER_FIELDS_TOO_LARGE);
    } catch (NotImplementedException e) {
      return refusal(HttpStatus.SC_NOT_IMPLEMENTED);
    } catch (HttpException | MalformedException e) {
      return refusal(HttpStatus.SC_BAD_REQUEST);
    } catch (RuntimeException e) {
      faults.report("request failed", e);
      return refusal(HttpStatus.SC_INTERNAL_SERVER_ERROR);
    }
  }

  /** The answer that says no more than its status does. */
  static ByteBuffer refusal(int status) {
    String reason = EnglishReasonPhraseCatalog.INSTANCE.getReason(status, null);
    return message(new Answer(status, TEXT, status + " " + reason), false);
  }

  private static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException(IllegalArgumentException cause) {
      super(cause);
    }
  }

  /** Null when nothing but blank lines is there. */
  private static @Nullable ClassicHttpRequest parse(byte[] head)
      throws HttpException, MalformedException {
    try {
      SessionInputBufferImpl buffer = new SessionInputBufferImpl(head.length);
      return new DefaultHttpRequestParser(CONFIG).parse(buffer, new ByteArrayInputStream(head));
    } catch (IllegalArgumentException e) {
      throw new MalformedException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Answer answer(ClassicHttpRequest request) {
    String target = request.getPath();
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    String method = request.getMethod();
    return switch (path) {
      case "/live", "/ready", "/metrics" -> {
        if (!method.equals("GET") && !method.equals("HEAD")) {
          yield new Answer(
              HttpStatus.SC_METHOD_NOT_ALLOWED,
              TEXT,
              "405 method not allowed",
              Optional.of("GET, HEAD"));
        }
        yield switch (path) {
          case "/live" -> probe(state.isAlive(), "not live");
          case "/ready" -> probe(state.isReady(), "not ready");
          default ->
              new Answer(
                  HttpStatus.SC_OK, MetricsPage.CONTENT_TYPE, MetricsPage.text(state.metrics()));
        };
      }
      default -> new Answer(HttpStatus.SC_NOT_FOUND, TEXT, "404 page not found");
    };
  }

  private static Answer probe(boolean passed, String failure) {
    String timestamp = "\"timestamp\":\"" + Instant.now() + "\",";
    if (passed) {
      return new Answer(HttpStatus.SC_OK, JSON, "{\"status\":\"OK\"," + timestamp + COMPONENT);
    }
    String failures = "\"failures\":{\"orchestrator\":\"" + failure + "\"},";
    return new Answer(
        HttpStatus.SC_SERVICE_UNAVAILABLE,
        JSON,
        "{\"status\":\"Unavailable\"," + timestamp + failures + COMPONENT);
  }

  /**
   * @param bodiless whether the body is only described, for HEAD
   */
  private static ByteBuffer message(Answer answer, boolean bodiless) {
    byte[] body = answer.body().getBytes(UTF_8);
    ClassicHttpResponse response = new BasicClassicHttpResponse(answer.status());
    response.addHeader(HttpHeaders.DATE, date(Instant.now().getEpochSecond()));
    response.addHeader(HttpHeaders.CONTENT_TYPE, answer.contentType());
    response.addHeader(HttpHeaders.CONTENT_LENGTH, body.length);
    response.addHeader(HttpHeaders.CONNECTION, "close");
    answer.allow().ifPresent(methods -> response.addHeader(HttpHeaders.ALLOW, methods));
    SessionOutputBufferImpl buffer = new SessionOutputBufferImpl(BUFFER_SIZE);
    ByteArrayOutputStream message = new ByteArrayOutputStream(BUFFER_SIZE + body.length);
    try {
      new DefaultHttpResponseWriter().write(response, buffer, message);
      buffer.flush(message);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (HttpException e) {
      throw new IllegalStateException(e);
    }
    if (!bodiless) {
      message.writeBytes(body);
    }
    return ByteBuffer.wrap(message.toByteArray());
  }

  /** {@code Sun, 06 Nov 1994 08:49:37 GMT} (RFC 9110 §5.6.7), without java.time's formatters. */
  static String date(long unixSeconds) {
    LocalDateTime time = LocalDateTime.ofEpochSecond(unixSeconds, 0, ZoneOffset.UTC);
    return name(DAYS, time.getDayOfWeek().getValue())
        + ", "
        + twoDigits(time.getDayOfMonth())
        + " "
        + name(MONTHS, time.getMonthValue())
        + " "
        + time.getYear()
        + " "
        + twoDigits(time.getHour())
        + ":"
        + twoDigits(time.getMinute())
        + ":"
        + twoDigits(time.getSecond())
        + " GMT";
  }

  private static String name(String names, int number) {
    return names.substring(3 * number - 3, 3 * number);
  }

  private static String twoDigits(int value) {
    return value < 10 ? "0" + value : Integer.toString(value);
  }
}
