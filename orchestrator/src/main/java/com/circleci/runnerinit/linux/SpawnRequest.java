package com.circleci.runnerinit.linux;

import java.util.List;
import java.util.Optional;

/**
 * A child to start: default signal dispositions, an empty signal mask, a process group of its own,
 * no descriptors but the three, killed when this process dies.
 *
 * @param arguments the program's own name first
 * @param environment entries of the form {@code NAME=value}, byte for byte
 * @param credentials whom to run as; empty: as this process
 * @param foreground whether its group gets the terminal, where this process has one: what reads
 *     from a terminal in any other group is stopped for ever
 */
public record SpawnRequest(
    String path,
    List<String> arguments,
    List<byte[]> environment,
    int standardInput,
    int standardOutput,
    int standardError,
    Optional<Credentials> credentials,
    boolean foreground) {
  public SpawnRequest {
    arguments = List.copyOf(arguments);
    environment = List.copyOf(environment);
  }
}
