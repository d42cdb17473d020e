package com.circleci.runnerinit.clients.runner;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.clients.runner.http.HeaderField;
import com.circleci.runnerinit.clients.runner.http.HttpSender;
import com.circleci.runnerinit.clients.runner.http.PostRequest;
import com.circleci.runnerinit.clients.runner.http.Reply;
import com.circleci.runnerinit.clients.runner.http.Resolver;
import com.circleci.runnerinit.clients.runner.http.StatusText;
import com.circleci.runnerinit.clients.runner.url.InvalidUrlException;
import com.circleci.runnerinit.clients.runner.url.Url;
import com.circleci.runnerinit.configuration.Secret;
import com.circleci.runnerinit.linux.JdkLibraries;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * CircleCI's runner API over HTTP or HTTPS. Making one costs nothing: addresses, certificates and
 * TLS are touched by the first call, and most tasks end without one.
 *
 * <p>A call returns within its budget. Within it, transport errors and answers from 500 up are
 * retried after a pause that grows; every attempt writes one line to the log. The rules are in
 * {@code docs/reference/runner-api.md}.
 */
public final class RunnerApi implements Reporter {
  private static final String JSON = "application/json; charset=utf-8";
  private static final String ERROR = "error calling CircleCI runner API: ";

  private final String baseUrl;
  private final Secret token;
  private final String userAgent;
  private final EventLog log;
  private final HttpSender sender;
  private final Timing timing;

  /**
   * @param baseUrl what the routes are appended to; its form is checked by the first call
   * @param userAgent as {@link #userAgent} makes it
   * @param environment names the proxies ({@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code
   *     NO_PROXY}) and the system's certificate store ({@code SSL_CERT_FILE}, {@code SSL_CERT_DIR})
   */
  public RunnerApi(
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
        new HttpSender(environment, Resolver.system(), log),
        Timing.system());
  }

  RunnerApi(
      String baseUrl,
      Secret token,
      String userAgent,
      EventLog log,
      HttpSender sender,
      Timing timing) {
    this.baseUrl = requireNonNull(baseUrl, "baseUrl is null");
    this.token = requireNonNull(token, "token is null");
    this.userAgent = requireNonNull(userAgent, "userAgent is null");
    this.log = requireNonNull(log, "log is null");
    this.sender = requireNonNull(sender, "sender is null");
    this.timing = requireNonNull(timing, "timing is null");
  }

  /**
   * How this program names itself to the API.
   *
   * @param architecture the processor's name, as the JVM or as Go spells it
   * @param hostName correlates the calls with a task when it starts with {@code ccita-}; else eight
   *     random hexadecimal digits do
   */
  public static String userAgent(String version, String architecture, String hostName) {
    // Not for secrecy, and asked for at every start: a secure generator would be a waste.
    long seed = System.nanoTime() * 0x9E3779B97F4A7C15L ^ System.currentTimeMillis();
    return UserAgent.of(version, architecture, hostName, (int) (seed ^ seed >>> 32));
  }

  @Override
  public Outcome unclaim(String taskId, Duration budget) {
    requireNonNull(taskId, "taskId is null");
    requireNonNull(budget, "budget is null");
    return make(Call.unclaim(taskId, token), budget);
  }

  @Override
  public Outcome fail(String allocation, String message, Duration budget) {
    requireNonNull(allocation, "allocation is null");
    requireNonNull(message, "message is null");
    requireNonNull(budget, "budget is null");
    return make(Call.fail(allocation, timing.wallClock().instant(), message), budget);
  }

  private Outcome make(Call call, Duration budget) {
    JdkLibraries.load();
    Url server;
    try {
      server = Url.parse(baseUrl);
    } catch (InvalidUrlException e) {
      return new Outcome.NotTold(ERROR + "the API's base URL is not valid: " + e.getMessage());
    }
    if (!server.scheme().equals("http") && !server.scheme().equals("https")) {
      return new Outcome.NotTold(
          ERROR + "unsupported protocol scheme \"" + server.scheme() + "\" of the API's base URL");
    }
    PostRequest request = request(call, server);
    Retries.Result result =
        new Retries(timing)
            .run(
                call.route(),
                budget,
                (number, limit) -> attempt(call.route(), server, request, number, limit));
    return switch (result.reply()) {
      case Reply.Broken broken -> new Outcome.NotTold(ERROR + broken.reason());
      case Reply.Impossible impossible -> new Outcome.NotTold(ERROR + impossible.reason());
      case Reply.Answer answer ->
          switch (Verdict.of(call.route(), answer.status())) {
            case SUCCESS -> new Outcome.Told();
            case EXHAUSTED -> new Outcome.NotTold("exhausted all task retries");
            case RETRY, RETRY_WHEN_ASKED, FINAL ->
                new Outcome.NotTold(
                    ERROR + describe(call.route(), answer.status(), result.attempts()));
          };
    };
  }

  private PostRequest request(Call call, Url server) {
    List<HeaderField> headers = new ArrayList<>();
    if (!token.isEmpty()) {
      headers.add(new HeaderField("Authorization", new Secret("Bearer " + token.reveal())));
    }
    headers.add(HeaderField.of("Accept", JSON));
    headers.add(HeaderField.of("Content-Type", JSON));
    headers.add(HeaderField.of("User-Agent", userAgent));
    headers.add(HeaderField.of("Idempotency-Key", call.idempotencyKey()));
    return new PostRequest(server, pathOf(server, call.route()), headers, call.body());
  }

  private static String pathOf(Url server, Route route) {
    String base = server.path();
    while (base.endsWith("/")) {
      base = base.substring(0, base.length() - 1);
    }
    return base + route.path();
  }

  private Reply attempt(Route route, Url server, PostRequest request, int number, Duration limit) {
    LogEvent event =
        log.event("POST " + route.path())
            .attribute("http.attempt", number)
            .attribute("http.host", server.authority())
            .attribute("http.method", "POST")
            .attribute("http.route", route.path())
            .attribute("http.scheme", server.scheme());
    Reply reply = sender.send(request, number - 1, limit);
    switch (reply) {
      case Reply.Answer(int status, var retryAfter) -> {
        event.attribute("http.status_code", status);
        if (Verdict.of(route, status) == Verdict.SUCCESS) {
          event.success();
        } else {
          event.error(describe(route, status, number));
        }
      }
      case Reply.Broken broken -> event.error(broken.reason());
      case Reply.Impossible impossible -> event.error(impossible.reason());
    }
    event.write();
    return reply;
  }

  private static String describe(Route route, int status, int attempts) {
    return "the response from POST "
        + route.path()
        + " was "
        + status
        + " ("
        + StatusText.of(status)
        + ") ("
        + attempts
        + " attempts)";
  }
}
