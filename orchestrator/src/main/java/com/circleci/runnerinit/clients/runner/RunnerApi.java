package com.circleci.runnerinit.clients.runner;

import com.circleci.runnerinit.clients.net.Deadline;
import com.circleci.runnerinit.clients.net.NetworkException;
import com.circleci.runnerinit.clients.net.Resolver;
import com.circleci.runnerinit.configuration.Secret;
import com.circleci.runnerinit.linux.JdkLibraries;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogEvent;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.HttpStatus;

/**
 * CircleCI's runner API over HTTP or HTTPS, by the rules of {@code docs/reference/runner-api.md}.
 * Making one costs nothing: addresses, certificates and TLS are touched by the first call, and most
 * tasks end without one.
 *
 * <p>A call is made on the caller's thread, whose stack a TLS handshake needs 512 KiB of, and
 * returns within its budget, retries included. For one thread at a time.
 */
public final class RunnerApi implements Reporter {
  private static final String UNCLAIM = "/api/v3/runner/unclaim";
  private static final String FAIL = "/api/v2/task/event/fail";
  private static final String JSON = "application/json; charset=utf-8";

  /** RFC 9110 §5.5, without what it calls obsolete. */
  private static final Pattern NOT_IN_A_HEADER = Pattern.compile("[^\\t -~]");

  private static final Duration ATTEMPT_LIMIT = Duration.ofSeconds(5);

  /** With less time there is no attempt: it would only hide the reason of the one before. */
  private static final Duration LEAST_ATTEMPT = Duration.ofMillis(500);

  private static final double FIRST_PAUSE_NANOS = Duration.ofMillis(50).toNanos();
  private static final double PAUSE_FACTOR = 1.5;
  private static final double PAUSE_SPREAD = 0.5;

  private static final int MAX_DIGITS = 9;
  private static final List<String> MONTHS =
      List.of("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec");

  private final Kernel kernel;
  private final String baseUrl;
  private final Secret token;
  private final EventLog log;

  /** Made by the first call: most tasks make none, and their start would wait for it. */
  private final Supplier<HttpClient> making;

  private Optional<HttpClient> client = Optional.empty();

  private volatile Optional<Outcome.NotTold> lastFailure = Optional.empty();

  /** What came of an attempt, and the least pause before another one, if there is to be one. */
  private record Attempt(Outcome outcome, Optional<Duration> pause) {}

  /**
   * @param baseUrl its form is checked by the first call
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
    this.kernel = kernel;
    this.baseUrl = baseUrl;
    this.token = token;
    this.log = log;
    making = () -> new HttpClient(kernel, userAgent, environment, log, new Resolver(kernel));
  }

  /**
   * How this program names itself to the API, by Go's names. The host name correlates the calls
   * with a task when it starts with {@code ccita-}; else eight random hexadecimal digits do.
   */
  public static String userAgent(String version, String architecture, String hostName) {
    String processor = architecture.replace("x86_64", "amd64").replace("aarch64", "arm64");
    // Without a pattern: a start would wait for the classes of regular expressions.
    boolean isTask =
        hostName.startsWith("ccita-")
            && hostName
                .chars()
                .allMatch(c -> (c < 0x80 && Character.isLetterOrDigit(c)) || "._-".indexOf(c) >= 0);
    String correlation = isTask ? hostName : HexFormat.of().toHexDigits(random().nextInt());
    return "CircleCI-GOAT/" + version + " (linux; " + processor + "; " + correlation + ")";
  }

  /** For what is to be unique and no secret; made at every start, where a secure one would cost. */
  private static SplittableRandom random() {
    return new SplittableRandom(System.nanoTime() ^ System.currentTimeMillis());
  }

  @Override
  public Outcome unclaim(String taskId, Duration budget) {
    String json =
        "{\"task_id\":" + json(taskId) + ",\"task_token\":" + json(token.reveal()) + "}\n";
    return call(UNCLAIM, json, budget);
  }

  @Override
  public Outcome fail(String allocation, String message, Duration budget) {
    // The API shows the message on a web page, and takes no character that means something there.
    byte[] plain = message.replaceAll("[<>&'\"]", "").getBytes(StandardCharsets.UTF_8);
    String encoded = Base64.getEncoder().encodeToString(plain);
    long now = System.currentTimeMillis();
    String json = "{\"allocation\":" + json(allocation) + ",\"timestamp\":" + now;
    return call(FAIL, json + ",\"message\":" + json(encoded) + "}\n", budget);
  }

  @Override
  public Optional<Outcome.NotTold> lastFailure() {
    return lastFailure;
  }

  private static String json(String text) {
    StringWriter json = new StringWriter();
    try (JsonWriter writer = new JsonWriter(json)) {
      writer.value(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return json.toString();
  }

  private Outcome call(String route, String body, Duration budget) {
    Deadline end = Deadline.in(budget);
    JdkLibraries.load();
    Url server;
    try {
      server = Url.parse(baseUrl);
    } catch (MalformedURLException e) {
      return notTold("the API's base URL is not valid: " + e.getMessage());
    }
    if (!server.isSecure() && !server.scheme().equals("http")) {
      return notTold("unsupported protocol scheme \"" + server.scheme() + "\" of the base URL");
    }
    Matcher invalid = NOT_IN_A_HEADER.matcher(token.reveal());
    if (invalid.find()) {
      String place = "character " + (invalid.start() + 1) + " of " + token.reveal().length();
      String defect = place + " of the token is a line break, or not visible ASCII";
      return notTold("invalid value of the header Authorization: " + defect);
    }
    SplittableRandom random = random();
    Map<String, String> headers = new LinkedHashMap<>();
    if (!token.isEmpty()) {
      headers.put("Authorization", "Bearer " + token.reveal());
    }
    headers.put("Accept", JSON);
    headers.put("Content-Type", JSON);
    headers.put("Idempotency-Key", new UUID(random.nextLong(), random.nextLong()).toString());
    double pauseNanos = FIRST_PAUSE_NANOS;
    Outcome last = notTold("no time is left for it");
    lastFailure = Optional.empty();
    for (int turn = 0; !end.isOver(); turn++) {
      Attempt attempt = attempt(route, server, headers, body, turn, end);
      last = attempt.outcome();
      if (last instanceof Outcome.NotTold failure) {
        lastFailure = Optional.of(failure);
      }
      double spread = random.nextDouble(1 - PAUSE_SPREAD, 1 + PAUSE_SPREAD);
      Duration grown = Duration.ofNanos((long) (pauseNanos * spread));
      pauseNanos *= PAUSE_FACTOR;
      Duration pause = Collections.max(List.of(grown, attempt.pause().orElse(Duration.ZERO)));
      boolean fits = pause.compareTo(end.left().minus(LEAST_ATTEMPT)) < 0;
      if (attempt.pause().isEmpty() || !fits) {
        return last;
      }
      kernel.clock().pause(pause);
    }
    return last;
  }

  private Attempt attempt(
      String route, Url server, Map<String, String> headers, String body, int turn, Deadline end) {
    LogEvent event =
        log.event("POST " + route)
            .attribute("http.attempt", turn + 1)
            .attribute("http.host", server.authority())
            .attribute("http.method", "POST")
            .attribute("http.route", route)
            .attribute("http.scheme", server.scheme());
    String error;
    Optional<Duration> pause = Optional.of(Duration.ZERO);
    boolean isExhausted = false;
    try {
      HttpClient http = client.orElseGet(making);
      client = Optional.of(http);
      HttpClient.Answer answer =
          http.post(server, route, headers, body, turn, end.orEarlier(ATTEMPT_LIMIT));
      int status = answer.status();
      event.attribute("http.status_code", status);
      if (status >= 200 && status < 300) {
        event.success().write();
        return new Attempt(new Outcome.Told(), Optional.empty());
      }
      String seen = HttpClient.inWords(status) + " (" + (turn + 1) + " attempts)";
      error = "the response from POST " + route + " was " + seen;
      pause = pauseAfter(answer);
      isExhausted = status == HttpStatus.SC_CONFLICT && route.equals(UNCLAIM);
    } catch (MalformedURLException e) {
      error = String.valueOf(e.getMessage());
      pause = Optional.empty();
    } catch (NetworkException e) {
      error = e.reason();
    } catch (RuntimeException | Error e) {
      // Said rather than thrown: an unknown failure must not end the reporting.
      error = LogEvent.inWords(e);
    }
    event.error(error).write();
    Outcome exhausted = new Outcome.NotTold("exhausted all task retries");
    return new Attempt(isExhausted ? exhausted : notTold(error), pause);
  }

  /** A redirect is final, too: the token goes nowhere else. */
  private Optional<Duration> pauseAfter(HttpClient.Answer answer) {
    int status = answer.status();
    Optional<Duration> asked = Optional.empty();
    if (status == HttpStatus.SC_TOO_MANY_REQUESTS || status == HttpStatus.SC_SERVICE_UNAVAILABLE) {
      asked = answer.retryAfter().flatMap(value -> retryAfter(value, Instant.now()));
    }
    return status >= 500 ? asked.or(() -> Optional.of(Duration.ZERO)) : asked;
  }

  /**
   * The pause that a {@code Retry-After} header asks for (RFC 9110 §10.2.3): in seconds, or by a
   * date in any of HTTP's three forms. Never negative; nothing if it says nothing sensible. Without
   * java.time's formatters, whose locale data would cost the executable more than that is worth.
   */
  static Optional<Duration> retryAfter(String value, Instant now) {
    if (value.matches("[0-9]+")) {
      long seconds = value.length() > MAX_DIGITS ? Integer.MAX_VALUE : Long.parseLong(value);
      return Optional.of(Duration.ofSeconds(seconds));
    }
    List<String> in = List.of(value.split("[ ,:-]+", -1));
    List<String> fields;
    if (in.size() == 8) {
      // Sun, 06 Nov 1994 08:49:37 GMT or Sunday, 06-Nov-94 08:49:37 GMT
      fields = in.subList(1, 7);
    } else if (in.size() == 7) {
      // Sun Nov  6 08:49:37 1994
      fields = List.of(in.get(2), in.get(1), in.get(6), in.get(3), in.get(4), in.get(5));
    } else {
      return Optional.empty();
    }
    try {
      int[] time = fields.subList(2, 6).stream().mapToInt(Integer::parseInt).toArray();
      int year = time[0] < 100 ? 2000 + time[0] : time[0];
      int month = MONTHS.indexOf(fields.get(1)) + 1;
      int day = Integer.parseInt(fields.getFirst());
      LocalDateTime date = LocalDateTime.of(year, month, day, time[1], time[2], time[3]);
      Duration pause = Duration.between(now, date.toInstant(ZoneOffset.UTC));
      return Optional.of(pause.isNegative() ? Duration.ZERO : pause);
    } catch (DateTimeException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Outcome notTold(String reason) {
    return new Outcome.NotTold("error calling CircleCI runner API: " + reason);
  }
}
