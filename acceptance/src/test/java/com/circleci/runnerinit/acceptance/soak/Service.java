package com.circleci.runnerinit.acceptance.soak;

import java.util.ArrayList;
import java.util.List;

/** The custom entrypoint of a run. */
record Service(Kind kind, List<String> verbs) {
  enum Kind {
    NONE,
    NOT_THERE,
    ENDS_EARLY,
    OUTLIVES,
    IGNORES_TERM
  }

  Service {
    verbs = List.copyOf(verbs);
  }

  static Service draw(Draw draw, boolean bringsReadiness) {
    var kind = drawKind(draw, bringsReadiness);
    var verbs = new ArrayList<String>();
    verbs.add("report=/out/service");
    if (kind == Kind.IGNORES_TERM) {
      verbs.add("on-term=ignore");
    } else if (draw.percent(70)) {
      verbs.add("on-term=exit:" + draw.oneOf(0, 1));
    }
    if (draw.percent(30)) {
      verbs.add(draw.oneOf("daemon=setsid", "orphans=5/3ms", "fork-bomb=2", "storm=20"));
    }
    if (bringsReadiness) {
      verbs.add("sleep=" + draw.between(0, 5));
      verbs.add("touch=" + Behaviour.READY);
    }
    verbs.add(
        kind == Kind.ENDS_EARLY ? draw.oneOf("exit=0", "exit=1", "die=SEGV") : "sleep=forever");
    return new Service(kind, verbs);
  }

  private static Kind drawKind(Draw draw, boolean bringsReadiness) {
    if (!bringsReadiness && draw.percent(60)) {
      return Kind.NONE;
    }
    // The kill comes 2 s after SIGTERM (spec, "Signals"): too long to have many of them.
    if (draw.percent(2)) {
      return Kind.IGNORES_TERM;
    }
    if (!bringsReadiness && draw.percent(8)) {
      return Kind.NOT_THERE;
    }
    return draw.oneOf(Kind.ENDS_EARLY, Kind.OUTLIVES);
  }
}
