package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.Deadline;
import com.circleci.runnerinit.clients.net.NetworkException;
import com.circleci.runnerinit.configuration.Secret;
import com.circleci.runnerinit.linux.JdkLibraries;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogEvent;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.DoubleSupplier;

/**
 * CircleCI's runner API over HTTP or HTTPS. Making one costs nothing: addresses, certificates and
 * TLS are touched by the first call, and most tasks end without one.
 *
 * <p>A call is made on the caller's thread, whose stack a TLS handshake needs 512 KiB of, and
 * returns within its budget. Within it, transport errors and answers from 500 up are retried after
 * a pause that grows; every attempt writes one line to the log. The rules are in {@code
 * docs/reference/runner-api.md}. For one thread at a time.
 */
public final class RunnerApi implements Reporter {
  private static final String JSON = "application/json; charset=utf-8";
  private static final String ERROR = "error calling CircleCI runner API: ";

  private static final Duration ATTEMPT_LIMIT = Duration.ofSeconds(5);

  /** With less time there is no attempt: it would only hide the reason of the one before. */
  private static final Duration LEAST_ATTEMPT = Duration.ofMillis(500);

  private static final double FIRST_PAUSE_NANOS = Duration.ofMillis(50).toNanos();
  private static final double PAUSE_FACTOR = 1.5;
  private static final double PAUSE_SPREAD = 0.5;

  private static final int CONFLICT = 409;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int SERVICE_UNAVAILABLE = 503;

  private final String baseUrl;
  private final Secret token;
  private final String userAgent;
  private final EventLog log;
  private final HttpClient client;
  private final Timing timing;

  /** The routes that are called. */
  private enum Route {
    UNCLAIM("/api/v3/runner/unclaim"),
    FAIL("/api/v2/task/event/fail");

    private final String path;

    Route(String path) {
      this.path = path;
    }
  }

  /**
   * What the retries need of time and chance.
   *
   * @param random from 0 to 1
   */
  record Timing(InstantSource wallClock, Pause pause, DoubleSupplier random) {
    /** Waits for a while. */
    @FunctionalInterface
    interface Pause {
      void take(Duration duration) throws InterruptedException;
    }

    static Timing system() {
      SplittableRandom random = new SplittableRandom(System.nanoTime());
      return new Timing(InstantSource.system(), Thread::sleep, random::nextDouble);
    }
  }

  /**
   * What came of an attempt.
   *
   * @param outcome of the call, if this is the last attempt
   * @param pause at least that before another attempt; none: there is to be no other
   */
  private record Attempt(Outcome outcome, Optional<Duration> pause) {}

  /**
   * @param baseUrl what the routes are appended to; its form is checked by the first call
   * @param userAgent as {@link #userAgent} makes it
   * @param environment names the proxies ({@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code
   *     NO_PROXY}) and the system's certificate store ({@code SSL_CERT_FILE}, {@code SSL_CERT_DIR})
   */
  public RunnerApi(
      Kernel kernel,
      String baseUrl,
      Secret token,
      String userAgent,
      Map<String, String> environment,
      EventLog log) {
    this(
        baseUrl,
        token,
        userAgent,
        log,
        new HttpClient(kernel, userAgent, environment, log),
        Timing.system());
  }

  RunnerApi(
      String baseUrl,
      Secret token,
      String userAgent,
      EventLog log,
      HttpClient client,
      Timing timing) {
    this.baseUrl = baseUrl;
    this.token = token;
    this.userAgent = userAgent;
    this.log = log;
    this.client = client;
    this.timing = timing;
  }

  /**
   * How this program names itself to the API: {@code CircleCI-GOAT/<version> (<os>; <arch>;
   * <correlation>)}, by Go's names.
   *
   * @param architecture the processor's name, as the JVM or as Go spells it
   * @param hostName correlates the calls with a task when it starts with {@code ccita-}; else eight
   *     random hexadecimal digits do
   */
  public static String userAgent(String version, String architecture, String hostName) {
    String processor =
        switch (architecture) {
          case "x86_64" -> "amd64";
          case "aarch64" -> "arm64";
          default -> architecture;
        };
    boolean isToken =
        hostName
            .chars()
            .allMatch(c -> c < 0x7f && (Character.isLetterOrDigit(c) || "-._".indexOf(c) >= 0));
    // Not for secrecy, and asked for at every start: a secure generator would be a waste.
    long seed = System.nanoTime() * 0x9E3779B97F4A7C15L ^ System.currentTimeMillis();
    String correlation =
        hostName.startsWith("ccita-") && isToken
            ? hostName
            : HexFormat.of().toHexDigits((int) (seed ^ seed >>> 32));
    return "CircleCI-GOAT/" + version + " (linux; " + processor + "; " + correlation + ")";
  }

  @Override
  public Outcome unclaim(String taskId, Duration budget) {
    return call(
        Route.UNCLAIM,
        json -> json.name("task_id").value(taskId).name("task_token").value(token.reveal()),
        budget);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The API shows the message on a web page, and takes no character that means something there.
   */
  @Override
  public Outcome fail(String allocation, String message, Duration budget) {
    StringBuilder plain = new StringBuilder(message.length());
    message.chars().filter(c -> "<>&'\"".indexOf(c) < 0).forEach(c -> plain.append((char) c));
    byte[] bytes = plain.toString().getBytes(StandardCharsets.UTF_8);
    return call(
        Route.FAIL,
        json -> {
          json.name("allocation").value(allocation);
          json.name("timestamp").value(timing.wallClock().millis());
          json.name("message").value(Base64.getEncoder().encodeToString(bytes));
        },
        budget);
  }

  private Outcome call(Route route, Members members, Duration budget) {
    Deadline end = Deadline.in(budget);
    JdkLibraries.load();
    Url server;
    try {
      server = Url.parse(baseUrl);
    } catch (InvalidUrlException e) {
      return notTold("the API's base URL is not valid: " + e.getMessage());
    }
    if (!server.scheme().equals("http") && !server.scheme().equals("https")) {
      return notTold("unsupported protocol scheme \"" + server.scheme() + "\" of the base URL");
    }
    Map<String, String> headers = headers();
    for (Map.Entry<String, String> header : headers.entrySet()) {
      Optional<String> defect = defect(header.getKey(), header.getValue());
      if (defect.isPresent()) {
        return notTold(defect.get());
      }
    }
    byte[] body = json(members);
    double pauseNanos = FIRST_PAUSE_NANOS;
    Outcome last = notTold("no time is left for it");
    for (int number = 1; !end.isOver(); number++) {
      Attempt attempt = attempt(route, server, headers, body, number, end);
      last = attempt.outcome();
      double spread = 1 - PAUSE_SPREAD + 2 * PAUSE_SPREAD * timing.random().getAsDouble();
      Duration grown = Duration.ofNanos((long) (pauseNanos * spread));
      pauseNanos *= PAUSE_FACTOR;
      if (attempt.pause().isEmpty()) {
        return last;
      }
      Duration asked = attempt.pause().get();
      Duration pause = asked.compareTo(grown) > 0 ? asked : grown;
      if (pause.compareTo(end.left().minus(LEAST_ATTEMPT)) >= 0) {
        return last;
      }
      try {
        timing.pause().take(pause);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return last;
      }
    }
    return last;
  }

  @FunctionalInterface
  private interface Members {
    void write(JsonWriter json) throws IOException;
  }

  /** An object, on a line of its own. */
  private static byte[] json(Members members) {
    StringWriter text = new StringWriter();
    try (JsonWriter writer = new JsonWriter(text)) {
      writer.beginObject();
      members.write(writer);
      writer.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }

  private Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>();
    if (!token.isEmpty()) {
      headers.put("Authorization", "Bearer " + token.reveal());
    }
    headers.put("Accept", JSON);
    headers.put("Content-Type", JSON);
    headers.put("User-Agent", userAgent);
    // Unique, but no secret.
    SplittableRandom random = new SplittableRandom(System.nanoTime() ^ System.currentTimeMillis());
    headers.put("Idempotency-Key", new UUID(random.nextLong(), random.nextLong()).toString());
    return headers;
  }

  /**
   * Says what keeps a header from being sent: a character outside of visible ASCII, space and tab
   * (RFC 9110 §5.5). The message names the place, not the character.
   */
  private static Optional<String> defect(String name, String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if ((c < ' ' && c != '\t') || c >= 0x7f) {
        String kind = c == '\r' || c == '\n' ? " is a line break" : " is not visible ASCII";
        return Optional.of(
            "invalid value of the header "
                + name
                + ": its character "
                + (i + 1)
                + " of "
                + value.length()
                + kind);
      }
    }
    return Optional.empty();
  }

  private Attempt attempt(
      Route route, Url server, Map<String, String> headers, byte[] body, int number, Deadline end) {
    LogEvent event =
        log.event("POST " + route.path)
            .attribute("http.attempt", number)
            .attribute("http.host", server.authority())
            .attribute("http.method", "POST")
            .attribute("http.route", route.path)
            .attribute("http.scheme", server.scheme());
    Attempt attempt;
    String error;
    try {
      HttpClient.Answer answer =
          client.post(
              server,
              route.path,
              headers,
              body,
              number - 1,
              Deadline.in(ATTEMPT_LIMIT).orEarlier(end));
      event.attribute("http.status_code", answer.status());
      error = describe(route, answer.status(), number);
      attempt = judge(route, answer, error);
    } catch (HttpClient.NoWayException e) {
      error = e.reason();
      attempt = new Attempt(notTold(error), Optional.empty());
    } catch (NetworkException e) {
      error = e.reason();
      attempt = new Attempt(notTold(error), Optional.of(Duration.ZERO));
    } catch (RuntimeException | Error e) {
      // Said rather than thrown: an unknown failure must not end the reporting.
      error = LogEvent.inWords(e);
      attempt = new Attempt(notTold(error), Optional.of(Duration.ZERO));
    }
    if (attempt.outcome() instanceof Outcome.Told) {
      event.success();
    } else {
      event.error(error);
    }
    event.write();
    return attempt;
  }

  /** What an answer means. A redirect is final, too: the token goes nowhere else. */
  private Attempt judge(Route route, HttpClient.Answer answer, String error) {
    int status = answer.status();
    if (status >= 200 && status < 300) {
      return new Attempt(new Outcome.Told(), Optional.empty());
    }
    if (status == CONFLICT && route == Route.UNCLAIM) {
      return new Attempt(new Outcome.NotTold("exhausted all task retries"), Optional.empty());
    }
    Optional<Duration> asked =
        status == TOO_MANY_REQUESTS || status == SERVICE_UNAVAILABLE
            ? answer
                .retryAfter()
                .flatMap(value -> RetryAfter.parse(value, timing.wallClock().instant()))
            : Optional.empty();
    return new Attempt(
        notTold(error), status >= 500 ? asked.or(() -> Optional.of(Duration.ZERO)) : asked);
  }

  private static Outcome notTold(String reason) {
    return new Outcome.NotTold(ERROR + reason);
  }

  private static String describe(Route route, int status, int attempts) {
    return "the response from POST "
        + route.path
        + " was "
        + status
        + " ("
        + StatusText.of(status)
        + ") ("
        + attempts
        + " attempts)";
  }
}
