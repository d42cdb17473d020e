package com.circleci.runnerinit.acceptance.soak;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** All that is drawn for one run. */
record Behaviour(
    boolean underAnInit,
    int tokenBytes,
    Stdin stdin,
    List<String> mischief,
    Optional<String> onTerm,
    boolean pauses,
    AgentEnd end,
    Service service,
    Readiness readiness,
    User user,
    Optional<Shutdown> shutdown,
    boolean unsafeRetries,
    ApiAnswer unclaim,
    ApiAnswer fail) {
  static final String READY = "/status/ready";

  /** What the agent does with its token. */
  enum Stdin {
    READ("read-stdin"),
    READ_SLOWLY("read-slowly=30000"),
    READ_IN_PART("read-part=5"),
    NOT_READ("no-read-stdin"),
    CLOSED("close-stdin");

    private final String verb;

    Stdin(String verb) {
      this.verb = verb;
    }
  }

  /** Who makes the readiness file, if one is waited for. */
  enum Readiness {
    NOT_AWAITED,
    THERE,
    MADE_BY_SERVICE,
    MADE_LATER
  }

  /** Whom the task is run as. */
  enum User {
    UNCHANGED("", 0),
    BY_NAME("circleci", 3434),
    BY_NUMBER("1001:1002", 1001),
    UNKNOWN("nobody-knows", -1);

    private final String text;
    private final int uid;

    User(String text, int uid) {
      this.text = text;
      this.uid = uid;
    }

    String text() {
      return text;
    }

    int uid() {
      return uid;
    }
  }

  Behaviour {
    mischief = List.copyOf(mischief);
  }

  static Behaviour draw(Draw draw) {
    var shutdown = draw.percent(30) ? Optional.of(Shutdown.draw(draw)) : Optional.<Shutdown>empty();
    var readiness =
        draw.percent(60)
            ? Readiness.NOT_AWAITED
            : draw.oneOf(Readiness.THERE, Readiness.MADE_BY_SERVICE, Readiness.MADE_LATER);
    var end =
        shutdown.filter(Shutdown::endsAnyTask).isPresent() && draw.percent(50)
            ? new AgentEnd.Never()
            : AgentEnd.draw(draw);
    return new Behaviour(
        draw.percent(30),
        draw.percent(70) ? 0 : draw.oneOf(1000, 65_535, 65_536, 65_537, 100_000, 120_000),
        draw.percent(50) ? Stdin.READ : draw.oneOf(Stdin.values()),
        mischief(draw),
        draw.percent(30) ? Optional.of(draw.oneOf("exit:0", "exit:5")) : Optional.empty(),
        shutdown.isEmpty() && draw.percent(30),
        end,
        Service.draw(draw, readiness == Readiness.MADE_BY_SERVICE),
        readiness,
        draw.percent(70)
            ? User.UNCHANGED
            : draw.oneOf(User.BY_NAME, User.BY_NUMBER, User.BY_NAME, User.UNKNOWN),
        shutdown,
        draw.percent(10),
        draw.oneOf(ApiAnswer.values()),
        draw.oneOf(ApiAnswer.values()));
  }

  private static List<String> mischief(Draw draw) {
    var verbs = new ArrayList<String>();
    for (var i = draw.between(0, 4); i > 0; i--) {
      switch (draw.between(0, 9)) {
        case 0 -> verbs.add("orphans=%d/%dms".formatted(draw.between(1, 20), draw.between(0, 5)));
        case 1 -> verbs.add("storm=" + draw.between(1, 60));
        case 2 -> verbs.add("zombies=" + draw.between(1, 5));
        case 3 -> verbs.add("daemon=" + draw.oneOf("setsid", "group", "own-group"));
        case 4 -> verbs.add("fork-bomb=" + draw.between(1, 4));
        case 5 -> verbs.add(draw.oneOf("hold-stderr=600000", "hold-stdout=600000"));
        case 6 -> verbs.add("flood-stderr=" + draw.between(1, 300_000));
        case 7 -> verbs.add(draw.oneOf("print=working", "stderr=oops", "flood-stdout=100000"));
        case 8 -> verbs.add("sleep=" + draw.between(0, 5));
        default ->
            verbs.addAll(
                List.of(
                    "aside=" + draw.oneOf("setsid", "group", "own-group") + ":3",
                    "daemon=setsid",
                    "storm=" + draw.between(1, 30),
                    "sleep=forever"));
      }
    }
    return verbs;
  }

  /** What the fake task agent is told to do. */
  List<String> script() {
    var verbs = new ArrayList<String>();
    onTerm.ifPresent(what -> verbs.add("on-term=" + what));
    verbs.add(stdin.verb);
    verbs.add("report=/out/agent");
    verbs.addAll(mischief);
    if (pauses) {
      verbs.addAll(List.of("touch=/out/middle", "wait-file=/out/go"));
    }
    verbs.add(end.verb());
    return verbs;
  }

  /** Whether more of it is left than a pipe holds (pipe(7)). */
  boolean leavesTokenUnread() {
    return (stdin == Stdin.NOT_READ || stdin == Stdin.READ_IN_PART) && tokenBytes > 65_536;
  }

  /** Whether the agent runs, if no signal prevents it. */
  boolean startsTheAgent() {
    return user != User.UNKNOWN
        && service.kind() != Service.Kind.NOT_THERE
        && !(end instanceof AgentEnd.NoBeginning);
  }
}
