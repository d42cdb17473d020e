package com.circleci.runnerinit.task.process;

import com.circleci.runnerinit.fuzzing.Property;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.NativeBlock;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Fuzz target: a user, /etc/passwd and /etc/group, with a form feed between them. */
public final class UserDatabaseFuzz {
  private static final long MAX_ID = 0xffff_fffeL;

  private UserDatabaseFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String[] parts = new String(input, StandardCharsets.ISO_8859_1).split("\f", 3);
    String user = parts[0];
    try {
      TaskUser found = new UserDatabase(new Files(parts).kernel()).find(user);
      Property.holds(found.uid() >= 0 && found.uid() <= MAX_ID, "uid %d", found.uid());
      Property.holds(found.gid() >= 0 && found.gid() <= MAX_ID, "gid %d", found.gid());
      Property.holds(found.groups().contains(found.gid()), "%s", found);
      Property.holds(
          found.groups().stream().allMatch(gid -> gid >= 0 && gid <= MAX_ID), "%s", found);
      Property.holds(!found.name().isEmpty() && !found.home().isEmpty(), "%s", found);
    } catch (UnknownUserException e) {
      Property.holds(String.valueOf(e.getMessage()).startsWith("user: "), "%s", e);
    }
  }

  /** A kernel with these two files, and nothing else. */
  private static final class Files {
    private static final int PASSWD = 1;

    private final byte[][] contents = {{}, {}, {}};
    private final int[] positions = {0, 0, 0};

    Files(String[] parts) {
      for (int i = 1; i < parts.length; i++) {
        contents[i] = parts[i].getBytes(StandardCharsets.ISO_8859_1);
      }
    }

    Kernel kernel() {
      InvocationHandler handler =
          (_, method, arguments) ->
              switch (method.getName()) {
                case "openForReading" -> open((String) arguments[0]);
                case "read" -> read((int) arguments[0], (NativeBlock) arguments[1]);
                case "allocate" -> new NativeBlock(0, ByteBuffer.allocate((int) arguments[0]));
                case "groups" -> List.of(0L, 7L, 1000L);
                case "userId" -> 0L;
                case "release", "close" -> null;
                default -> throw new AssertionError(method);
              };
      return (Kernel)
          Proxy.newProxyInstance(
              Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, handler);
    }

    private int open(String path) {
      int file = path.equals("/etc/passwd") ? PASSWD : PASSWD + 1;
      positions[file] = 0;
      return file;
    }

    private int read(int file, NativeBlock into) {
      byte[] rest = Arrays.copyOfRange(contents[file], positions[file], contents[file].length);
      int count = Math.min(rest.length, into.size());
      into.bytes().put(0, rest, 0, count);
      positions[file] += count;
      return count;
    }
  }
}
