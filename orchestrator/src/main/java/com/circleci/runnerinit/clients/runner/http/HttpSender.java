package com.circleci.runnerinit.clients.runner.http;

import static java.util.Objects.requireNonNull;
import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.circleci.runnerinit.clients.runner.proxy.Passage;
import com.circleci.runnerinit.clients.runner.proxy.Proxy;
import com.circleci.runnerinit.clients.runner.proxy.ProxyRules;
import com.circleci.runnerinit.clients.runner.trust.ServerTrust;
import com.circleci.runnerinit.log.EventLog;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Posts requests over HTTP/1.1, each within a time limit that nothing can outlast. */
public final class HttpSender {
  private final ProxyRules proxies;
  private final Resolver resolver;
  private final Tls tls;
  private final EventLog log;

  /**
   * @param environment names the proxies ({@code HTTPS_PROXY}…) and the certificate store ({@code
   *     SSL_CERT_FILE}…)
   */
  public HttpSender(Map<String, String> environment, Resolver resolver, EventLog log) {
    this.proxies = new ProxyRules(environment);
    this.resolver = requireNonNull(resolver, "resolver is null");
    this.tls = new Tls(ServerTrust.of(environment, log));
    this.log = requireNonNull(log, "log is null");
  }

  /**
   * Sends a request once and waits for the head of the answer; the body is of no interest.
   *
   * @param turn counts the exchanges for this request from zero
   * @param limit for the whole: name lookup, connection, handshake, request and answer
   */
  public Reply send(PostRequest request, int turn, Duration limit) {
    for (HeaderField field : request.headers()) {
      Optional<String> defect = field.defect();
      if (defect.isPresent()) {
        return new Reply.Impossible(defect.get());
      }
    }
    return switch (proxies.to(request.server())) {
      case Passage.Direct direct -> send(request, Optional.empty(), turn, limit);
      case Passage.DirectWithWarning direct -> {
        if (turn == 0) {
          log.event("runner API: proxy").warning(direct.warning()).write();
        }
        yield send(request, Optional.empty(), turn, limit);
      }
      case Passage.Through through -> send(request, Optional.of(through.proxy()), turn, limit);
      case Passage.Barred barred -> new Reply.Impossible(barred.reason());
    };
  }

  private Reply send(PostRequest request, Optional<Proxy> proxy, int turn, Duration limit) {
    return within(limit, new Exchange(request, proxy, turn, resolver, tls));
  }

  private static void run(Exchange exchange, BlockingQueue<Reply> reply) {
    try (exchange) {
      reply.add(exchange.run());
      exchange.takeLeave();
    } catch (InterruptedException e) {
      reply.add(new Reply.Broken("interrupted"));
    } catch (RuntimeException | Error e) {
      // Said rather than thrown: an unknown failure must not end the reporting.
      reply.add(new Reply.Broken("unexpected " + e.getClass().getName()));
    }
  }

  /**
   * Runs an exchange on a thread of its own: a name lookup can't be interrupted, and a server that
   * sends byte by byte defeats a socket's time-out.
   */
  private static Reply within(Duration limit, Exchange exchange) {
    BlockingQueue<Reply> reply = new LinkedBlockingQueue<>();
    try {
      Threads.start("runner-api", () -> run(exchange, reply));
    } catch (OutOfMemoryError e) {
      // There may be a thread for the next attempt.
      return new Reply.Broken(String.valueOf(e.getMessage()));
    }
    try {
      Reply inTime = reply.poll(limit.toNanos(), NANOSECONDS);
      if (inTime == null) {
        exchange.close();
        return new Reply.Broken(exchange.timeoutReason());
      }
      return inTime;
    } catch (InterruptedException e) {
      exchange.close();
      Thread.currentThread().interrupt();
      return new Reply.Impossible("interrupted");
    }
  }
}
