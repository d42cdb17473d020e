package com.circleci.runnerinit.testing;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** One event of the orchestrator's text log: {@code HH:MM:SS <hex> <ms>ms <event> key=value…}. */
public record LogLine(
    String time, String trace, String milliseconds, String event, Map<String, String> fields) {
  private static final Pattern LINE =
      Pattern.compile("(\\d\\d:\\d\\d:\\d\\d) ([0-9a-f]{5}) (\\d+(?:\\.\\d+)?)ms (\\S.*)");
  private static final Pattern FIELD = Pattern.compile("(?:^| )([A-Za-z][\\w.-]*)=");

  /** Nothing for a line that is not the orchestrator's: the task's own output. */
  public static Optional<LogLine> parse(String line) {
    var matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    var rest = matcher.group(4);
    var field = FIELD.matcher(rest);
    var fields = new LinkedHashMap<String, String>();
    if (!field.find()) {
      return Optional.of(of(matcher.group(1), matcher.group(2), matcher.group(3), rest, fields));
    }
    var event = rest.substring(0, field.start());
    var more = true;
    while (more) {
      var name = field.group(1);
      var start = field.end();
      more = field.find();
      fields.put(name, rest.substring(start, more ? field.start() : rest.length()));
    }
    return Optional.of(of(matcher.group(1), matcher.group(2), matcher.group(3), event, fields));
  }

  private static LogLine of(
      String time, String trace, String milliseconds, String event, Map<String, String> fields) {
    return new LogLine(time, trace, milliseconds, event, fields);
  }
}
