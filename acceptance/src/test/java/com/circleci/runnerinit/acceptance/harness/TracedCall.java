package com.circleci.runnerinit.acceptance.harness;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A system call as strace(1) wrote it down.
 *
 * @param thread its number on the host
 * @param number counts the calls of this name in this thread, from one
 * @param text what follows the name: arguments and result
 */
public record TracedCall(String thread, String name, int number, String text) {
  private static final Pattern BEGIN = Pattern.compile("(\\d+) +(\\w+)\\((.*)");
  private static final Pattern END = Pattern.compile("(\\d+) +<\\.\\.\\. \\w+ resumed>(.*)");

  public boolean failedByTest() {
    return text.contains("(INJECTED)");
  }

  /** In the order in which they began. */
  public static List<TracedCall> parse(List<String> lines) {
    var calls = new ArrayList<TracedCall>();
    var counts = new HashMap<String, Integer>();
    var unfinished = new HashMap<String, Integer>();
    for (var line : lines) {
      var begin = BEGIN.matcher(line);
      var end = END.matcher(line);
      if (begin.matches()) {
        var thread = begin.group(1);
        var name = begin.group(2);
        var number = counts.merge(thread + " " + name, 1, Integer::sum);
        unfinished.put(thread, calls.size());
        calls.add(new TracedCall(thread, name, number, begin.group(3)));
      } else if (end.matches() && unfinished.containsKey(end.group(1))) {
        var index = unfinished.get(end.group(1));
        var call = calls.get(index);
        calls.set(
            index,
            new TracedCall(call.thread(), call.name(), call.number(), call.text() + end.group(2)));
      }
    }
    return List.copyOf(calls);
  }
}
