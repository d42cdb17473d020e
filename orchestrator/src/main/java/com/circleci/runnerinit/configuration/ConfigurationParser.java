package com.circleci.runnerinit.configuration;

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
 * Reads a task's configuration from JSON. It goes on after a wrong field, so that a failure can be
 * reported by the fields that are right; no message holds any part of the document.
 */
public final class ConfigurationParser {
  /** As many as there are fields. */
  private static final int MOST_PROBLEMS = 11;

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
    JsonReader reader = new JsonReader(new StringReader(json));
    reader.setStrictness(Strictness.STRICT);
    try {
      if (reader.peek() != JsonToken.BEGIN_OBJECT) {
        addProblem("expected a JSON object, but got " + describe(reader.peek()));
        return;
      }
      reader.beginObject();
      while (reader.hasNext()) {
        readField(reader, reader.nextName());
      }
      reader.endObject();
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        addProblem("malformed JSON: there is more after the end of the object");
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

  private static String position(JsonReader reader) {
    // JsonReader tells its position only in texts that end with "at line 1 column 2 path $.a".
    String text = reader.toString();
    int at = text.indexOf(" at line ");
    int path = text.indexOf(" path ");
    return at < 0 || path < at ? "" : text.substring(at, path);
  }

  private void readField(JsonReader reader, String name) throws IOException {
    switch (name.toLowerCase(Locale.ROOT)) {
      case "cmd" -> command = readStrings(reader, "cmd");
      case "user" -> user = readString(reader, "user");
      case "task_id" -> taskId = readString(reader, "task_id");
      case "readiness_file_path" -> readinessFile = readString(reader, "readiness_file_path");
      case "enable_unsafe_retries" ->
          enableUnsafeRetries = readBoolean(reader, "enable_unsafe_retries");
      case "token" -> token = readString(reader, "token");
      case "task_agent_path" -> taskAgentPath = readString(reader, "task_agent_path");
      case "runner_api_base_url" -> runnerApiBaseUrl = readString(reader, "runner_api_base_url");
      case "allocation" -> allocation = readString(reader, "allocation");
      case "ssh_advertise_addr" -> sshAdvertiseAddress = readString(reader, "ssh_advertise_addr");
      case "max_run_time" -> maxRunTime = readNanoseconds(reader);
      default -> reader.skipValue();
    }
  }

  private String readString(JsonReader reader, String field) throws IOException {
    JsonToken token = reader.peek();
    if (token != JsonToken.STRING) {
      skipUnexpected(reader, field, "a string");
      return "";
    }
    String value = reader.nextString();
    if (value.indexOf('\0') >= 0) {
      addProblem(field + ": a NUL character can't be passed on");
      return "";
    }
    return value;
  }

  private List<String> readStrings(JsonReader reader, String field) throws IOException {
    if (reader.peek() != JsonToken.BEGIN_ARRAY) {
      skipUnexpected(reader, field, "a list of strings");
      return List.of();
    }
    List<String> values = new ArrayList<>();
    reader.beginArray();
    while (reader.hasNext()) {
      values.add(readString(reader, field + "[" + values.size() + "]"));
    }
    reader.endArray();
    return values;
  }

  private boolean readBoolean(JsonReader reader, String field) throws IOException {
    if (reader.peek() != JsonToken.BOOLEAN) {
      skipUnexpected(reader, field, "true or false");
      return false;
    }
    return reader.nextBoolean();
  }

  private Duration readNanoseconds(JsonReader reader) throws IOException {
    String expected = "an integer of nanoseconds";
    if (reader.peek() != JsonToken.NUMBER) {
      skipUnexpected(reader, "max_run_time", expected);
      return Duration.ZERO;
    }
    String number = reader.nextString();
    try {
      return Duration.ofNanos(Long.parseLong(number));
    } catch (NumberFormatException e) {
      addProblem("max_run_time: expected " + expected + ", but got another number");
      return Duration.ZERO;
    }
  }

  /** Null is the zero value; anything else is a problem. */
  private void skipUnexpected(JsonReader reader, String field, String expected) throws IOException {
    JsonToken token = reader.peek();
    reader.skipValue();
    if (token != JsonToken.NULL) {
      addProblem(field + ": expected " + expected + ", but got " + describe(token));
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
