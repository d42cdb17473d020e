package com.circleci.runnerinit.linux;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Byte strings as the kernel has them, each ended by a NUL. */
public final class CStrings {
  private CStrings() {}

  /** Splits a run of strings at their NULs. */
  static List<byte[]> split(byte[] run) {
    List<byte[]> strings = new ArrayList<>();
    int begin = 0;
    for (int i = 0; i < run.length; i++) {
      if (run[i] == 0) {
        strings.add(Arrays.copyOfRange(run, begin, i));
        begin = i + 1;
      }
    }
    return strings;
  }

  static byte[] untilNul(byte[] padded) {
    int end = 0;
    while (end < padded.length && padded[end] != 0) {
      end++;
    }
    return Arrays.copyOf(padded, end);
  }

  public static String decode(byte[] string) {
    return new String(string, StandardCharsets.UTF_8);
  }

  public static byte[] encode(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
