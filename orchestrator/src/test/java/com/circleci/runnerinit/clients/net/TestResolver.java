package com.circleci.runnerinit.clients.net;

import com.circleci.runnerinit.linux.Kernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resolvers for the tests of other packages. */
public final class TestResolver {
  private TestResolver() {}

  /** One that knows the hosts of a file, and asks nobody. */
  public static Resolver ofHosts(Kernel kernel, Path root, String hosts) {
    try {
      Path etc = Files.createDirectories(root.resolve("etc"));
      Files.writeString(etc.resolve("hosts"), hosts);
      Files.writeString(etc.resolve("resolv.conf"), "nameserver 127.0.0.1\n");
      return new Resolver(kernel, root.toString(), 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One that asks this machine. */
  public static Resolver of(Kernel kernel, Path root, int port) {
    ofHosts(kernel, root, "");
    return new Resolver(kernel, root.toString(), port);
  }
}
