package com.circleci.runnerinit.linux;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A child to start: default signal dispositions, an empty signal mask, a process group of its own,
 * no descriptors but the three, killed when this process dies.
 *
 * @param path the file to execute
 * @param arguments the program's own name first
 * @param environment entries of the form {@code NAME=value}, byte for byte
 * @param credentials whom to run as; empty: as this process
 * @param controlGroup a descriptor of the {@code cgroup.procs} that it is to be a member of, if it
 *     may; empty: that of this process
 */
public record SpawnRequest(
    String path,
    List<String> arguments,
    List<byte[]> environment,
    int standardInput,
    int standardOutput,
    int standardError,
    Optional<Credentials> credentials,
    OptionalInt controlGroup) {
  public SpawnRequest {
    requireNonNull(path, "path is null");
    arguments = List.copyOf(arguments);
    environment = List.copyOf(environment);
    requireNonNull(credentials, "credentials is null");
    requireNonNull(controlGroup, "controlGroup is null");
  }
}
