package com.circleci.runnerinit.acceptance.harness;

import com.circleci.runnerinit.testing.Machine;
import com.circleci.runnerinit.testing.ProcessStat;
import com.circleci.runnerinit.testing.ProcessView;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Looks at all processes of a PID namespace, from outside, every few milliseconds. */
final class NamespaceWatch implements AutoCloseable {
  private static final Duration LOOK_EVERY =
      Duration.ofMillis(5L * Machine.current().slowness() * Machine.current().slowness());

  private final ProcessView first;
  private final Supplier<Optional<ProcessView>> orchestrator;
  private final String secret;
  private final Runnable scrape;
  private final Thread thread;
  private final AtomicInteger mostZombies = new AtomicInteger();
  private final AtomicInteger mostUnreaped = new AtomicInteger();
  private final Set<String> leaks = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;
  private boolean scraped;

  /**
   * Begins to look.
   *
   * @param scrape called once, when the orchestrator has a child
   */
  NamespaceWatch(
      ProcessView first,
      Supplier<Optional<ProcessView>> orchestrator,
      String secret,
      Runnable scrape) {
    this.first = first;
    this.orchestrator = orchestrator;
    this.secret = secret;
    this.scrape = scrape;
    thread = Thread.ofPlatform().daemon().name("watch-" + first.pid()).start(this::watch);
  }

  int mostZombies() {
    return mostZombies.get();
  }

  /** Of those that are the orchestrator's to reap. */
  int mostUnreaped() {
    return mostUnreaped.get();
  }

  /** Where the secret showed in a command line or an environment. */
  Set<String> leaks() {
    return Set.copyOf(leaks);
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }

  private void watch() {
    while (!closed) {
      var tree = first.tree();
      var zombies =
          tree.stream().flatMap(p -> p.stat().stream()).filter(ProcessStat::isZombie).toList();
      mostZombies.accumulateAndGet(zombies.size(), Math::max);
      tree.forEach(this::lookAtCommandLine);
      orchestrator
          .get()
          .ifPresent(process -> {
            var unreaped = zombies.stream().filter(zombie -> zombie.parent() == process.pid());
            mostUnreaped.accumulateAndGet((int) unreaped.count(), Math::max);
            var family = process.tree();
            // By override, it may have become the custom init process meanwhile, whose child is it.
            if (orchestrator.get().filter(now -> now.pid() == process.pid()).isPresent()) {
              lookAtFamily(family);
            }
          });
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
    }
  }

  /** The orchestrator has its configuration in its environment until it starts its first child. */
  private void lookAtFamily(List<ProcessView> family) {
    if (family.size() > 1) {
      family.forEach(this::lookAtEnvironment);
      scrapeOnce();
    }
  }

  private void lookAtCommandLine(ProcessView process) {
    if (process.commandLine().contains(secret)) {
      leaks.add("/proc/PID/cmdline of " + process.executable());
    }
  }

  /** Not that of a custom init process, which must have what the orchestrator is to get. */
  private void lookAtEnvironment(ProcessView process) {
    if (process.environment().contains(secret)) {
      leaks.add("/proc/PID/environ of " + process.executable());
    }
  }

  private void scrapeOnce() {
    if (!scraped) {
      scraped = true;
      scrape.run();
    }
  }
}
