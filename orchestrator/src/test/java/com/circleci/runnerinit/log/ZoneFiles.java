package com.circleci.runnerinit.log;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneOffsetTransitionRule;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.List;

/** Writes files of time zones as RFC 9636 has them, by the rules that the JDK has. */
final class ZoneFiles {
  /** After it, 32-bit times end. */
  private static final Instant END = Instant.ofEpochSecond(Integer.MAX_VALUE);

  private ZoneFiles() {}

  /** Version 1: 32-bit times alone. */
  static byte[] old(ZoneRules rules) {
    return written(file -> block(file, 0, rules, until2037(rules), Integer.BYTES));
  }

  /** Version 2 as {@code zic -b fat} writes it: all transitions twice, and the rule. */
  static byte[] fat(ZoneRules rules) {
    return written(file -> {
      block(file, '2', rules, until2037(rules), Integer.BYTES);
      List<ZoneOffsetTransition> known = rules.getTransitions();
      boolean longer = !known.isEmpty() && known.getLast().getInstant().isAfter(END);
      block(file, '2', rules, longer ? known : until2037(rules), Long.BYTES);
      file.writeBytes('\n' + posix(rules) + '\n');
    });
  }

  /** As {@code zic -b slim} writes it: nothing that the rule says as well. */
  static byte[] slim(ZoneRules rules) {
    return written(file -> {
      block(file, '3', rules, List.of(), Integer.BYTES);
      block(file, '3', rules, rules.getTransitions(), Long.BYTES);
      file.writeBytes('\n' + posix(rules) + '\n');
    });
  }

  /** A file that has nothing but a footer. */
  static byte[] ofRule(String posix) {
    return written(file -> {
      block(file, '3', ZoneOffset.UTC.getRules(), List.of(), Integer.BYTES);
      block(file, '3', ZoneOffset.UTC.getRules(), List.of(), Long.BYTES);
      file.write(('\n' + posix + '\n').getBytes(StandardCharsets.ISO_8859_1));
    });
  }

  private static List<ZoneOffsetTransition> until2037(ZoneRules rules) {
    List<ZoneOffsetTransition> transitions = new ArrayList<>();
    ZoneOffsetTransition next = rules.nextTransition(Instant.ofEpochSecond(Integer.MIN_VALUE));
    while (next != null && next.getInstant().isBefore(END)) {
      transitions.add(next);
      next = rules.nextTransition(next.getInstant());
    }
    return transitions;
  }

  private static void block(
      DataOutputStream file,
      int version,
      ZoneRules rules,
      List<ZoneOffsetTransition> transitions,
      int timeBytes)
      throws IOException {
    List<ZoneOffset> types = new ArrayList<>();
    types.add(
        transitions.isEmpty()
            ? rules.getOffset(Instant.ofEpochSecond(Integer.MIN_VALUE))
            : transitions.getFirst().getOffsetBefore());
    for (ZoneOffsetTransition transition : transitions) {
      if (!types.contains(transition.getOffsetAfter())) {
        types.add(transition.getOffsetAfter());
      }
    }
    file.writeBytes("TZif");
    file.write(version);
    file.write(new byte[15]);
    int leapSeconds = 2;
    int[] counts = {types.size(), types.size(), leapSeconds, transitions.size(), types.size(), 4};
    for (int count : counts) {
      file.writeInt(count);
    }
    for (ZoneOffsetTransition transition : transitions) {
      time(file, transition.toEpochSecond(), timeBytes);
    }
    for (ZoneOffsetTransition transition : transitions) {
      file.write(types.indexOf(transition.getOffsetAfter()));
    }
    for (ZoneOffset type : types) {
      file.writeInt(type.getTotalSeconds());
      file.writeShort(0);
    }
    file.writeBytes("LMT\0");
    for (int i = 1; i <= leapSeconds; i++) {
      time(file, 78_796_800L * i, timeBytes);
      file.writeInt(i);
    }
    file.write(new byte[2 * types.size()]);
  }

  private static void time(DataOutputStream file, long time, int bytes) throws IOException {
    if (bytes == Long.BYTES) {
      file.writeLong(time);
    } else {
      file.writeInt(Math.toIntExact(time));
    }
  }

  /** The rule after the last transition, as TZ has it. */
  static String posix(ZoneRules rules) {
    List<ZoneOffsetTransitionRule> last = rules.getTransitionRules();
    if (last.isEmpty()) {
      List<ZoneOffsetTransition> all = rules.getTransitions();
      return name(all.isEmpty() ? rules.getOffset(Instant.EPOCH) : all.getLast().getOffsetAfter());
    }
    boolean first =
        last.getFirst().getOffsetAfter().getTotalSeconds()
            > last.getFirst().getOffsetBefore().getTotalSeconds();
    ZoneOffsetTransitionRule begin = last.get(first ? 0 : 1);
    ZoneOffsetTransitionRule end = last.get(first ? 1 : 0);
    return name(begin.getOffsetBefore())
        + name(begin.getOffsetAfter())
        + ','
        + change(begin)
        + ','
        + change(end);
  }

  private static String name(ZoneOffset offset) {
    return "<+xx>" + clock(-offset.getTotalSeconds());
  }

  private static String change(ZoneOffsetTransitionRule rule) {
    int before = rule.getOffsetBefore().getTotalSeconds();
    int time = rule.isMidnightEndOfDay() ? 86_400 : rule.getLocalTime().toSecondOfDay();
    time +=
        switch (rule.getTimeDefinition()) {
          case UTC -> before;
          case STANDARD -> before - rule.getStandardOffset().getTotalSeconds();
          case WALL -> 0;
        };
    int month = rule.getMonth().getValue();
    int day = rule.getDayOfMonthIndicator();
    if (rule.getDayOfWeek() == null) {
      return "J" + (rule.getMonth().firstDayOfYear(false) + day - 1) + '/' + clock(time);
    }
    int weekday = rule.getDayOfWeek().getValue();
    if (day == -1) {
      return "M" + month + ".5." + weekday % 7 + '/' + clock(time);
    }
    // The first Friday from the 23rd is the day after the fourth Thursday.
    int later = (day - 1) % 7;
    return "M"
        + month
        + '.'
        + (day + 6) / 7
        + '.'
        + Math.floorMod(weekday - later, 7)
        + '/'
        + clock(time + later * 86_400);
  }

  private static String clock(int seconds) {
    int s = Math.abs(seconds);
    return (seconds < 0 ? "-" : "") + "%d:%02d:%02d".formatted(s / 3600, s / 60 % 60, s % 60);
  }

  private interface Content {
    void writeTo(DataOutputStream file) throws IOException;
  }

  private static byte[] written(Content content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      content.writeTo(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
