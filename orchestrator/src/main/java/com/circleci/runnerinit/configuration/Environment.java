package com.circleci.runnerinit.configuration;

import com.circleci.runnerinit.linux.CStrings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The variables that this process was started with, kept byte for byte for its children. */
public final class Environment {
  /** What begins so is ours, and no child sees it. */
  public static final String OWN_PREFIX = "CIRCLECI_GOAT";

  private final List<byte[]> entries;
  private final Map<String, String> values;

  /**
   * An environment of these entries.
   *
   * @param entries {@code NAME=value}; of two with one name the first counts, as for getenv(3)
   */
  public Environment(List<byte[]> entries) {
    this.entries = List.copyOf(entries);
    this.values = LinkedHashMap.newLinkedHashMap(entries.size());
    for (byte[] entry : entries) {
      String text = CStrings.decode(entry);
      int equals = text.indexOf('=');
      if (equals > 0) {
        values.putIfAbsent(text.substring(0, equals), text.substring(equals + 1));
      }
    }
  }

  public static Environment of(Map<String, String> variables) {
    return new Environment(
        variables.entrySet().stream().map(v -> entry(v.getKey(), v.getValue())).toList());
  }

  public Optional<String> get(String name) {
    return Optional.ofNullable(values.get(name));
  }

  /** A copy of what is not ours. */
  public Map<String, String> withoutOwn() {
    Map<String, String> others = new LinkedHashMap<>(values);
    others.keySet().removeIf(name -> name.startsWith(OWN_PREFIX));
    return others;
  }

  /** The entries for a child: less our own, and with these replaced or added. */
  public List<byte[]> forChild(Map<String, String> changes) {
    List<byte[]> child = with(changes);
    child.removeIf(entry -> startsWith(entry, OWN_PREFIX));
    return child;
  }

  /** All entries, our own too, with these replaced or added. */
  public List<byte[]> with(Map<String, String> changes) {
    List<byte[]> changed = new ArrayList<>(entries.size() + changes.size());
    for (byte[] entry : entries) {
      if (isNoneOf(entry, changes)) {
        changed.add(entry);
      }
    }
    changes.forEach((name, value) -> changed.add(entry(name, value)));
    return changed;
  }

  private static boolean isNoneOf(byte[] entry, Map<String, String> changes) {
    return changes.keySet().stream().noneMatch(name -> startsWith(entry, name + "="));
  }

  private static byte[] entry(String name, String value) {
    return CStrings.encode(name + "=" + value);
  }

  private static boolean startsWith(byte[] entry, String prefix) {
    byte[] bytes = CStrings.encode(prefix);
    if (entry.length < bytes.length) {
      return false;
    }
    for (int i = 0; i < bytes.length; i++) {
      if (entry[i] != bytes[i]) {
        return false;
      }
    }
    return true;
  }
}
