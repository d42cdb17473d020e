package com.circleci.runnerinit.configuration;

import com.circleci.runnerinit.linux.CStrings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The variables that this process was started with, kept byte for byte for its children. */
public final class Environment {
  /** What begins so is ours, and no child sees it. */
  public static final String OWN_PREFIX = "CIRCLECI_GOAT";

  /** By {@link CStrings}, which gives the same bytes back. */
  private final List<String> entries;

  private final Map<String, String> values = new LinkedHashMap<>();

  /** Of entries {@code NAME=value}; of two with one name the first counts, as for getenv(3). */
  public Environment(List<byte[]> entries) {
    this.entries = entries.stream().map(CStrings::decode).toList();
    for (String entry : this.entries) {
      int equals = entry.indexOf('=');
      if (equals > 0) {
        values.putIfAbsent(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
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
    return changed(entries.stream().filter(entry -> !entry.startsWith(OWN_PREFIX)), changes);
  }

  /** All entries, our own too, with these replaced or added. */
  public List<byte[]> with(Map<String, String> changes) {
    return changed(entries.stream(), changes);
  }

  private static List<byte[]> changed(Stream<String> entries, Map<String, String> changes) {
    Stream<String> others =
        entries.filter(
            entry -> changes.keySet().stream().noneMatch(name -> entry.startsWith(name + "=")));
    Stream<String> changed =
        changes.entrySet().stream().map(each -> each.getKey() + "=" + each.getValue());
    return Stream.concat(others, changed).map(CStrings::encode).toList();
  }
}
