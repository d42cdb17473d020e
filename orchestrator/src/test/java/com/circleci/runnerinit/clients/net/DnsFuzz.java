package com.circleci.runnerinit.clients.net;

import com.circleci.runnerinit.fuzzing.Property;

/** Fuzz target: what a name server, or whoever answers in its place, sends. */
public final class DnsFuzz {
  private DnsFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    for (int type : new int[] {DnsMessage.A, DnsMessage.AAAA}) {
      DnsMessage.Question question = new DnsMessage.Question(0x3132, "api.test.", type);
      DnsMessage.decode(input, question).ifPresent(answer -> check(input, type, answer));
    }
  }

  private static void check(byte[] input, int type, DnsMessage.Answer answer) {
    Property.holds(input[0] == 0x31 && input[1] == 0x32, "the id of another question");
    // The JDK makes an IPv4 address of an IPv6 one that holds it.
    Property.holds(
        answer.addresses().stream()
            .allMatch(it -> type == DnsMessage.AAAA || it.getAddress().length == 4),
        "%d",
        type);
    Property.holds(answer.addresses().size() <= input.length / 11, "more than there is room for");
    Property.holds(
        answer.addresses().isEmpty() == (answer.outcome() != DnsMessage.Outcome.FOUND),
        "%s",
        answer);
  }
}
