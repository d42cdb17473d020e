package com.circleci.runnerinit.task.resources;

import com.circleci.runnerinit.linux.Errno;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.linux.NativeBlock;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A kernel of which nothing but reading files works. */
final class FakeFiles {
  private final Map<String, String> files = new HashMap<>();
  private final List<String> opened = new ArrayList<>();

  FakeFiles file(String path, String text) {
    files.put(path, text);
    return this;
  }

  Kernel kernel() {
    return (Kernel)
        Proxy.newProxyInstance(
            Kernel.class.getClassLoader(),
            new Class<?>[] {Kernel.class},
            (_, method, arguments) ->
                switch (method.getName()) {
                  case "processId" -> 1;
                  case "exists" -> files.containsKey(arguments[0]);
                  case "list" -> names(arguments[0] + "/");
                  case "openForReading" -> open((String) arguments[0]);
                  case "allocate" ->
                      new NativeBlock(0, ByteBuffer.allocateDirect((int) arguments[0]));
                  case "readFromStart" ->
                      readInto(opened.get((int) arguments[0]), (NativeBlock) arguments[1]);
                  case "readFile" -> read((String) arguments[0]);
                  default -> throw new AssertionError("unexpected: " + method);
                });
  }

  private List<String> names(String folder) {
    return files.keySet().stream()
        .filter(path -> path.startsWith(folder))
        .map(path -> path.substring(folder.length()).replaceFirst("/.*", ""))
        .distinct()
        .toList();
  }

  private int open(String path) throws KernelException {
    read(path);
    opened.add(path);
    return opened.size() - 1;
  }

  private int readInto(String path, NativeBlock block) throws KernelException {
    byte[] bytes = read(path);
    block.bytes().put(0, bytes);
    return bytes.length;
  }

  private byte[] read(String path) throws KernelException {
    String text = files.get(path);
    if (text == null) {
      throw new KernelException("open " + path, Errno.ENOENT);
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
