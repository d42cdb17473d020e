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
import java.util.List;
import java.util.Locale;
import java.util.Optional;

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

  /** The length of an escape by four hexadecimal digits. */
  private static final int ESCAPED_UNIT = 6;

  private final List<String> problems = new ArrayList<>();
  private int moreProblems;
  private List<String> command = List.of();
  private String user = "";
  private String taskId = "";
  private String readinessFile = "";
  private boolean enableUnsafeRetries;
  private String token = "";
  private String taskAgentPath = "";
  private String runnerApiBaseUrl = "";
  private String allocation = "";
  private String sshAdvertiseAddress = "";
  private Duration maxRunTime = Duration.ZERO;

  private ConfigurationParser() {}

  public static ParsedConfiguration parse(String json) {
    ConfigurationParser parser = new ConfigurationParser();
    parser.readDocument(json);
    parser.requireFields();
    return parser.result();
  }

  private ParsedConfiguration result() {
    Configuration configuration =
        new Configuration(
            command,
            user,
            taskId,
            readinessFile,
            enableUnsafeRetries,
            new Secret(token),
            taskAgentPath,
            runnerApiBaseUrl,
            allocation,
            sshAdvertiseAddress,
            maxRunTime);
    return new ParsedConfiguration(
        configuration, problems.isEmpty() ? Optional.empty() : Optional.of(describeProblems()));
  }

  private String describeProblems() {
    String told = String.join("; ", problems);
    return moreProblems == 0 ? told : told + "; and " + moreProblems + " more";
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
      if (reader.peek() == JsonToken.BEGIN_OBJECT) {
        readObject(reader);
      } else {
        skipUnexpected(reader, "", "a JSON object");
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
    StringBuilder whole = new StringBuilder(CStrings.withoutEscapes(json));
    int at = 0;
    while ((at = whole.indexOf("\\", at)) >= 0) {
      char unit = escapedUnit(whole, at);
      if (!Character.isSurrogate(unit)) {
        at += 2;
      } else if (Character.isSurrogatePair(unit, escapedUnit(whole, at + ESCAPED_UNIT))) {
        at += 2 * ESCAPED_UNIT;
      } else {
        whole.replace(at + 2, at + ESCAPED_UNIT, "fffd");
        at += ESCAPED_UNIT;
      }
    }
    return whole.toString();
  }

  /** What an escape by four hexadecimal digits stands for; NUL where there is none. */
  private static char escapedUnit(CharSequence text, int at) {
    boolean there =
        at + ESCAPED_UNIT <= text.length() && text.charAt(at) == '\\' && text.charAt(at + 1) == 'u';
    int unit = 0;
    for (int i = at + 2; there && i < at + ESCAPED_UNIT; i++) {
      int digit = Character.digit(text.charAt(i), 16);
      there = digit >= 0;
      unit = unit << 4 | digit;
    }
    return there ? (char) unit : '\0';
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
        case "user" -> user = readString(reader, name, user);
        case "task_id" -> taskId = readString(reader, name, taskId);
        case "readiness_file_path" -> readinessFile = readString(reader, name, readinessFile);
        case "enable_unsafe_retries" -> readUnsafeRetries(reader, name);
        case "token" -> token = readString(reader, name, token);
        case "task_agent_path" -> taskAgentPath = readString(reader, name, taskAgentPath);
        case "runner_api_base_url" -> runnerApiBaseUrl = readString(reader, name, runnerApiBaseUrl);
        case "allocation" -> allocation = readString(reader, name, allocation);
        case "ssh_advertise_addr" ->
            sshAdvertiseAddress = readString(reader, name, sshAdvertiseAddress);
        case "max_run_time" -> readMaxRunTime(reader, name);
        default -> reader.skipValue();
      }
    }
    reader.endObject();
  }

  /** The value, or what was there before: null changes nothing. */
  private String readString(JsonReader reader, String field, String before) throws IOException {
    if (reader.peek() != JsonToken.STRING) {
      skipUnexpected(reader, field + ": ", "a string");
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
    if (reader.peek() != JsonToken.BEGIN_ARRAY) {
      skipUnexpected(reader, field + ": ", "a list of strings");
      return List.of();
    }
    List<String> values = new ArrayList<>();
    reader.beginArray();
    while (reader.hasNext()) {
      values.add(readString(reader, field + "[" + values.size() + "]", ""));
    }
    reader.endArray();
    return values;
  }

  private void readUnsafeRetries(JsonReader reader, String field) throws IOException {
    if (reader.peek() == JsonToken.BOOLEAN) {
      enableUnsafeRetries = reader.nextBoolean();
    } else {
      skipUnexpected(reader, field + ": ", "true or false");
    }
  }

  private void readMaxRunTime(JsonReader reader, String field) throws IOException {
    String expected = "an integer of nanoseconds";
    if (reader.peek() != JsonToken.NUMBER) {
      skipUnexpected(reader, field + ": ", expected);
      return;
    }
    try {
      maxRunTime = Duration.ofNanos(Long.parseLong(reader.nextString()));
    } catch (NumberFormatException e) {
      addProblem(field + ": expected " + expected + ", but got another number");
    }
  }

  /** Null is no problem; anything else is. */
  private void skipUnexpected(JsonReader reader, String field, String expected) throws IOException {
    JsonToken token = reader.peek();
    reader.skipValue();
    if (token != JsonToken.NULL) {
      addProblem(field + "expected " + expected + ", but got " + describe(token));
    }
  }

  private void requireFields() {
    // A list of what is missing would hide that the document could not be read.
    if (problems.isEmpty()) {
      require("task_agent_path", taskAgentPath.isBlank());
      require("token", token.isEmpty());
      require("allocation", allocation.isEmpty());
      require("runner_api_base_url", runnerApiBaseUrl.isEmpty());
    }
  }

  private void require(String field, boolean missing) {
    if (missing) {
      addProblem(field + ": required, but missing or empty");
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
