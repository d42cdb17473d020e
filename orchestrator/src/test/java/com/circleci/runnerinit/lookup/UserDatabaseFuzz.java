package com.circleci.runnerinit.lookup;

import com.circleci.runnerinit.fuzzing.Property;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.SimulatedKernel;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Fuzz target: a user, /etc/passwd and /etc/group, with a form feed between them. */
public final class UserDatabaseFuzz {
  private static final long MAX_ID = 0xffff_fffeL;

  private UserDatabaseFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String[] parts = new String(input, StandardCharsets.ISO_8859_1).split("\f", 3);
    String user = parts[0];
    try {
      TaskUser found = new UserDatabase(kernel(parts)).find(user);
      Property.holds(found.uid() >= 0 && found.uid() <= MAX_ID, "uid %d", found.uid());
      Property.holds(found.gid() >= 0 && found.gid() <= MAX_ID, "gid %d", found.gid());
      Property.holds(found.groups().contains(found.gid()), "%s", found);
      Property.holds(
          found.groups().stream().allMatch(gid -> gid >= 0 && gid <= MAX_ID), "%s", found);
      Property.holds(!found.name().isEmpty() && !found.home().isEmpty(), "%s", found);
    } catch (LookupException e) {
      Property.holds(String.valueOf(e.getMessage()).startsWith("user: "), "%s", e);
    }
  }

  /** A kernel with these two files, and nothing else. */
  private static Kernel kernel(String[] parts) {
    SimulatedKernel kernel = new SimulatedKernel().groups(0, 7, 1000);
    List<String> files = List.of("/etc/passwd", "/etc/group");
    for (int i = 1; i < parts.length; i++) {
      kernel.file(files.get(i - 1), parts[i].getBytes(StandardCharsets.ISO_8859_1), 0644);
    }
    return Kernel.of(kernel);
  }
}
