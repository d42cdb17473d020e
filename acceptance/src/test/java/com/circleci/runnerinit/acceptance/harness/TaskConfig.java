package com.circleci.runnerinit.acceptance.harness;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The document of CIRCLECI_GOAT_CONFIG. */
public final class TaskConfig {
  private static final Pattern PLAIN = Pattern.compile("[\\w=/.,:+-]+");

  private final JsonObject fields = new JsonObject();

  public TaskConfig set(String name, String value) {
    return set(name, new JsonPrimitive(value));
  }

  public TaskConfig set(String name, long value) {
    return set(name, new JsonPrimitive(value));
  }

  public TaskConfig set(String name, boolean value) {
    return set(name, new JsonPrimitive(value));
  }

  public TaskConfig set(String name, List<String> values) {
    var array = new JsonArray();
    values.forEach(array::add);
    return set(name, array);
  }

  public TaskConfig set(String name, JsonElement value) {
    fields.add(name, value);
    return this;
  }

  public TaskConfig setNull(String name) {
    return set(name, JsonNull.INSTANCE);
  }

  public TaskConfig without(String name) {
    fields.remove(name);
    return this;
  }

  public String json() {
    return fields.toString();
  }

  /** A command line as task_agent_path takes it, quoted where it must be. */
  static String commandLine(String program, String... arguments) {
    return Stream.concat(Stream.of(program), Stream.of(arguments))
        .map(TaskConfig::quoted)
        .collect(Collectors.joining(" "));
  }

  private static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
