package com.circleci.runnerinit.task;

import static com.circleci.runnerinit.task.Configurations.configuration;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.ParsedConfiguration;
import com.circleci.runnerinit.task.World.Fact;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every sequence of events, of any length, and the {@link Rules} in each. Sequences that lead to
 * the same state of the orchestrator in the same {@link World} go on alike, so that one of them is
 * followed; the walk ends when no event leads to a new pair of them.
 */
class OrchestratorExhaustiveTest {
  /** Of the sequences that are counted; the walk itself knows no longest. */
  private static final int LENGTH = 12;

  private static int plans;
  private static int states;
  private static int steps;
  private static int longest;
  private static BigInteger sequences = BigInteger.ZERO;

  private static final int MOST_STATES = 5000;
  private static final int UNKNOWN = -1;
  private static final int UNDER_WAY = -2;

  static Stream<Plan> plans() {
    List<Plan> plans = new ArrayList<>();
    for (String api : List.of("", "http://localhost")) {
      for (boolean unsafeRetries : List.of(false, true)) {
        for (List<String> command : List.of(List.<String>of(), List.of("dockerd"))) {
          for (String readinessFile : List.of("", "/ready")) {
            Configuration configuration = configuration(command, readinessFile, unsafeRetries, api);
            for (SignalPolicy policy : SignalPolicy.values()) {
              plans.add(plan(configuration, Optional.empty(), 0, policy));
              plans.add(plan(configuration, Optional.empty(), 5, policy));
            }
          }
        }
        // Of a wrong configuration, only what reports are made by is used.
        Configuration wrong = configuration(List.of("dockerd"), "/ready", unsafeRetries, api);
        plans.add(plan(wrong, Optional.of("x"), 5, SignalPolicy.FORWARD));
      }
    }
    return plans.stream();
  }

  private static Plan plan(
      Configuration configuration, Optional<String> problem, int delay, SignalPolicy policy) {
    return new Plan(
        new ParsedConfiguration(configuration, problem),
        Duration.ofSeconds(delay),
        Duration.ofSeconds(10),
        policy);
  }

  @ParameterizedTest
  @MethodSource("plans")
  void shouldKeepToTheRulesWhateverHappens(Plan plan) {
    Walk walk = new Walk(plan);
    walk.walk();
    plans++;
    states += walk.places.size();
    steps += walk.steps;
    longest = Math.max(longest, walk.longest());
    sequences = sequences.add(walk.sequences());
  }

  @AfterAll
  static void tellHowMuchWasCovered() {
    System.out.printf(
        "exhaustive: %d plans, %d states, %d steps between them; a run takes at most %d that change"
            + " something; %.0e sequences of %d events, and all longer ones%n",
        plans, states, steps, longest, sequences.doubleValue(), LENGTH);
  }

  /** A state of the orchestrator in a world, and the events that led there first. */
  private static final class Place {
    private final List<Event> way;
    private final World world;
    private final List<Place> next = new ArrayList<>();
    private boolean goesOn;
    private int longest = UNKNOWN;

    Place(List<Event> way, World world) {
      this.way = way;
      this.world = world;
    }
  }

  private record Key(String state, World world) {}

  private static final class Walk {
    private final Plan plan;
    private final Rules rules;
    private final Map<Key, Place> places = new HashMap<>();
    private final List<Place> inOrder = new ArrayList<>();
    private int steps;

    Walk(Plan plan) {
      this.plan = plan;
      rules = new Rules(plan);
    }

    void walk() {
      arrive(new Orchestrator(plan), new Place(List.of(), World.beforeTheRun()));
      for (int i = 0; i < inOrder.size(); i++) {
        assertThat(i).as("states: is there no end of them?").isLessThan(MOST_STATES);
        leave(inOrder.get(i));
      }
    }

    private Place arrive(Orchestrator orchestrator, Place place) {
      Place known = places.putIfAbsent(new Key(orchestrator.describe(), place.world), place);
      if (known == null) {
        inOrder.add(place);
        return place;
      }
      return known;
    }

    private void leave(Place place) {
      Orchestrator unmoved = led(place.way);
      String state = unmoved.describe();
      for (Event event : World.EVENTS) {
        if (place.world.expects(event)) {
          take(place, event);
        } else if (place.world.isTrue(event) && !unmoved.on(event).isEmpty()) {
          throw new AssertionError(event + " came too late after " + place.way + ", and acted");
        }
      }
      assertThat(unmoved.describe()).as("after what came too late").isEqualTo(state);
      assertThat(place.goesOn || place.world.is(Fact.ENDED)).as("stuck %s", place.way).isTrue();
    }

    private void take(Place from, Event event) {
      Orchestrator orchestrator = led(from.way);
      List<Action> actions = orchestrator.on(event);
      List<Event> way = new ArrayList<>(from.way);
      way.add(event);
      steps++;
      try {
        rules.check(from.world, event, actions);
      } catch (AssertionError e) {
        throw new AssertionError("after " + way + " came " + actions + ": " + e.getMessage(), e);
      }
      from.next.add(arrive(orchestrator, new Place(way, from.world.after(event, actions))));
      from.goesOn |= from.world.isCertain(event);
    }

    /** The orchestrator has no copy: another is led the same way. */
    private Orchestrator led(List<Event> way) {
      Orchestrator orchestrator = new Orchestrator(plan);
      way.forEach(orchestrator::on);
      return orchestrator;
    }

    /**
     * The most events that can change something in one run. That there is such a number means that
     * no run comes back to where it was; since none is stuck before its end either, each ends.
     */
    int longest() {
      return longest(inOrder.getFirst());
    }

    private static int longest(Place place) {
      assertThat(place.longest).as("comes back to %s", place.way).isNotEqualTo(UNDER_WAY);
      if (place.longest == UNKNOWN) {
        place.longest = UNDER_WAY;
        int longest = 0;
        for (Place next : place.next) {
          if (next != place) {
            longest = Math.max(longest, 1 + longest(next));
          }
        }
        place.longest = longest;
      }
      return place.longest;
    }

    /** How many sequences of {@link #LENGTH} expected events there are. */
    BigInteger sequences() {
      Map<Place, BigInteger> reached = Map.of(inOrder.getFirst(), BigInteger.ONE);
      for (int i = 0; i < LENGTH; i++) {
        Map<Place, BigInteger> after = new HashMap<>();
        reached.forEach(
            (place, ways) -> place.next.forEach(next -> after.merge(next, ways, BigInteger::add)));
        reached = after;
      }
      return reached.values().stream().reduce(BigInteger.ZERO, BigInteger::add);
    }
  }
}
