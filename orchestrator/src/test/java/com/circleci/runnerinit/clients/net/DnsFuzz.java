package com.circleci.runnerinit.clients.net;

import com.circleci.runnerinit.fuzzing.Property;

/** Fuzz target: what a name server, or whoever answers in its place, sends. */
public final class DnsFuzz {
  private DnsFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    for (int type : new int[] {DnsMessage.A, DnsMessage.AAAA}) {
      DnsMessage.Question question = new DnsMessage.Question(0x3132, "api.test.", type);
      DnsMessage.Answer answer;
      try {
        answer = DnsMessage.decode(input, question);
      } catch (IllegalArgumentException e) {
        continue;
      }
      if (answer != null) {
        int bytes = type == DnsMessage.A ? 4 : 16;
        Property.holds(input[0] == 0x31 && input[1] == 0x32, "the id of another question");
        Property.holds(answer.addresses().stream().allMatch(it -> it.length == bytes), "%d", type);
        Property.holds(
            answer.addresses().size() <= input.length / 11, "more than there is room for");
        Property.holds(!answer.truncated() || answer.addresses().isEmpty(), "cut, and whole");
      }
    }
  }
}
