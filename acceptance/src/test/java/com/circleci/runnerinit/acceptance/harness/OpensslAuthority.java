package com.circleci.runnerinit.acceptance.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An authority, and a server for 127.0.0.1 that it vouches for, both with keys of one kind.
 *
 * @param authorityPem its certificate
 * @param serverPem certificate and key
 */
public record OpensslAuthority(String authorityPem, String serverPem) {
  /**
   * Makes one.
   *
   * @param keys options of {@code openssl req} about the keys and the signature, between spaces
   */
  public static OpensslAuthority withKeys(String keys) {
    try {
      var folder = Files.createTempDirectory("authority");
      try {
        request(folder, "ca", keys, "-subj", "/CN=authority", "-addext", "keyUsage=keyCertSign");
        request(
            folder,
            "server",
            keys,
            "-subj",
            "/CN=server",
            "-CA",
            folder.resolve("ca.pem").toString(),
            "-CAkey",
            folder.resolve("ca.key").toString(),
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE");
        return new OpensslAuthority(
            Files.readString(folder.resolve("ca.pem")),
            Files.readString(folder.resolve("server.pem"))
                + Files.readString(folder.resolve("server.key")));
      } finally {
        HostCommand.run("rm", "-r", folder.toString());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void request(Path folder, String name, String keys, String... more) {
    var command = new ArrayList<>(List.of("openssl", "req", "-x509", "-noenc", "-days", "1"));
    command.addAll(Arrays.asList(keys.split(" ", -1)));
    command.addAll(List.of("-keyout", folder.resolve(name + ".key").toString()));
    command.addAll(List.of("-out", folder.resolve(name + ".pem").toString()));
    command.addAll(Arrays.asList(more));
    HostCommand.run(command.toArray(String[]::new));
  }
}
