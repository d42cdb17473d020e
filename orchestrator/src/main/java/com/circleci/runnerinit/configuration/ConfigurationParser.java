package com.circleci.runnerinit.configuration;

import com.circleci.runnerinit.linux.CStrings;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads a task's configuration from JSON, as Go's encoding/json does, but that the fields are read
 * which come before a fault. It goes on after a wrong field, so that a failure can be reported by
 * the fields that are right; no message holds any part of the document.
 */
public final class ConfigurationParser {
  /** As many as there are fields. */
  private static final int MOST_PROBLEMS = 11;

  /** Lists and objects in one another. */
  private static final int DEEPEST = 10_000;

  /** Of a character by its two halves; of half a character; of anything else. */
  private static final String ESCAPE =
      "\\\\u[dD][89abAB]%\\\\u[dD][c-fC-F]%|(\\\\u[dD][89a-fA-F]%)|\\\\."
          .replace("%", "[0-9a-fA-F]{2}");

  private final List<String> problems = new ArrayList<>();
  private int moreProblems;
  private final Map<String, String> texts = new HashMap<>();
  private List<String> command = List.of();
  private boolean enableUnsafeRetries;
  private Duration maxRunTime = Duration.ZERO;

  private ConfigurationParser() {}

  public static Configuration parse(String json) {
    ConfigurationParser parser = new ConfigurationParser();
    parser.readDocument(json);
    parser.requireFields();
    return parser.result();
  }

  private Configuration result() {
    String more = moreProblems == 0 ? "" : "; and " + moreProblems + " more";
    return new Configuration(
        command,
        text("user"),
        text("task_id"),
        text("readiness_file_path"),
        enableUnsafeRetries,
        new Secret(text("token")),
        text("task_agent_path"),
        text("runner_api_base_url"),
        text("allocation"),
        text("ssh_advertise_addr"),
        maxRunTime,
        problems.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", problems) + more));
  }

  private String text(String field) {
    return texts.getOrDefault(field, "");
  }

  /** A list of a hundred thousand words may have as many wrong ones, and is not worth a message. */
  private void addProblem(String problem) {
    if (problems.size() < MOST_PROBLEMS) {
      problems.add(problem);
    } else {
      moreProblems++;
    }
  }

  private void readDocument(String json) {
    if (json.startsWith("\ufeff")) {
      // The reader would pass over it.
      addProblem("malformed JSON: it begins with a byte order mark");
      return;
    }
    JsonReader reader = new JsonReader(new StringReader(withoutHalves(json)));
    reader.setStrictness(Strictness.STRICT);
    reader.setNestingLimit(DEEPEST);
    try {
      if (isNext(reader, JsonToken.BEGIN_OBJECT, "", "a JSON object")) {
        readObject(reader);
      }
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        addProblem("malformed JSON: there is more after its end");
      }
    } catch (EOFException e) {
      addProblem("malformed JSON: it ends too early");
    } catch (MalformedJsonException | IllegalStateException e) {
      // The reader's own message may quote the document.
      addProblem("malformed JSON" + position(reader));
    } catch (IOException e) {
      throw new AssertionError("a string can be read", e);
    }
  }

  /**
   * The document with U+FFFD for what stands for a byte, and for each escape that is half a
   * character, which the reader refuses.
   */
  private static String withoutHalves(String json) {
    String text = CStrings.withoutEscapes(json);
    return text.contains("\\u")
        ? Pattern.compile(ESCAPE)
            .matcher(text)
            .replaceAll(escape ->
                escape.start(1) < 0 ? Matcher.quoteReplacement(escape.group()) : "\\\\ufffd")
        : text;
  }

  private static String position(JsonReader reader) {
    // JsonReader tells its position only in texts that end with "at line 1 column 2 path $.a".
    String text = reader.toString();
    int at = text.indexOf(" at line ");
    int path = text.indexOf(" path ");
    return at < 0 || path < at ? "" : text.substring(at, path);
  }

  private void readObject(JsonReader reader) throws IOException {
    reader.beginObject();
    while (reader.hasNext()) {
      // The long s is the one letter with an ASCII lower case that has none of its own.
      String name = reader.nextName().replace('\u017f', 's').toLowerCase(Locale.ROOT);
      switch (name) {
        case "cmd" -> command = readStrings(reader, name);
        case "max_run_time" -> maxRunTime = readNanos(reader, name);
        case "enable_unsafe_retries" -> {
          if (isNext(reader, JsonToken.BOOLEAN, name + ": ", "true or false")) {
            enableUnsafeRetries = reader.nextBoolean();
          }
        }
        case "user",
            "task_id",
            "readiness_file_path",
            "token",
            "task_agent_path",
            "runner_api_base_url",
            "allocation",
            "ssh_advertise_addr" ->
            texts.put(name, readString(reader, name, text(name)));
        default -> reader.skipValue();
      }
    }
    reader.endObject();
  }

  /** The value, or what was there before: null changes nothing. */
  private String readString(JsonReader reader, String field, String before) throws IOException {
    if (!isNext(reader, JsonToken.STRING, field + ": ", "a string")) {
      return before;
    }
    String value = reader.nextString();
    if (value.indexOf('\0') >= 0) {
      addProblem(field + ": a NUL character can't be passed on");
      return before;
    }
    return value;
  }

  private List<String> readStrings(JsonReader reader, String field) throws IOException {
    List<String> values = new ArrayList<>();
    if (isNext(reader, JsonToken.BEGIN_ARRAY, field + ": ", "a list of strings")) {
      reader.beginArray();
      while (reader.hasNext()) {
        values.add(readString(reader, field + "[" + values.size() + "]", ""));
      }
      reader.endArray();
    }
    return values;
  }

  private Duration readNanos(JsonReader reader, String field) throws IOException {
    String expected = "an integer of nanoseconds";
    try {
      return isNext(reader, JsonToken.NUMBER, field + ": ", expected)
          ? Duration.ofNanos(Long.parseLong(reader.nextString()))
          : maxRunTime;
    } catch (NumberFormatException e) {
      addProblem(field + ": expected " + expected + ", but got another number");
      return maxRunTime;
    }
  }

  /** Whether the value is of this kind. Another is passed over; null is no problem, others are. */
  private boolean isNext(JsonReader reader, JsonToken kind, String field, String expected)
      throws IOException {
    JsonToken token = reader.peek();
    if (token == kind) {
      return true;
    }
    reader.skipValue();
    if (token != JsonToken.NULL) {
      addProblem(field + "expected " + expected + ", but got " + describe(token));
    }
    return false;
  }

  private void requireFields() {
    // A list of what is missing would hide that the document could not be read.
    if (problems.isEmpty()) {
      Stream.of("task_agent_path", "token", "allocation", "runner_api_base_url")
          .filter(field -> text(field).isBlank())
          .forEach(field -> addProblem(field + ": required, but missing or empty"));
    }
  }

  private static String describe(JsonToken token) {
    return switch (token) {
      case BEGIN_ARRAY -> "a list";
      case BEGIN_OBJECT -> "an object";
      case STRING -> "a string";
      case NUMBER -> "a number";
      case BOOLEAN -> "true or false";
      case NULL -> "null";
      case END_DOCUMENT, END_ARRAY, END_OBJECT, NAME -> "nothing";
    };
  }
}
