package com.circleci.runnerinit.acceptance.harness;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a process saw of itself when it began; see report.h of the fake task agent. */
public record AgentReport(JsonObject json) {

  public List<String> arguments() {
    return strings("argv");
  }

  public List<String> environment() {
    return strings("environ");
  }

  public List<Integer> userIds() {
    return numbers("uids");
  }

  public List<Integer> groupIds() {
    return numbers("gids");
  }

  public List<Integer> supplementaryGroups() {
    return numbers("groups");
  }

  public List<Integer> blockedSignals() {
    return numbers("blocked");
  }

  public List<Integer> ignoredSignals() {
    return numbers("ignored");
  }

  public Map<String, String> descriptors() {
    var descriptors = new TreeMap<String, String>();
    json.getAsJsonObject("descriptors")
        .entrySet()
        .forEach(entry -> descriptors.put(entry.getKey(), entry.getValue().getAsString()));
    return descriptors;
  }

  public String stdin() {
    return json.get("stdin").getAsString();
  }

  public String text(String name) {
    return json.get(name).getAsString();
  }

  public int number(String name) {
    return json.get(name).getAsInt();
  }

  private List<String> strings(String name) {
    return json.getAsJsonArray(name).asList().stream().map(JsonElement::getAsString).toList();
  }

  private List<Integer> numbers(String name) {
    return json.getAsJsonArray(name).asList().stream().map(JsonElement::getAsInt).toList();
  }
}
