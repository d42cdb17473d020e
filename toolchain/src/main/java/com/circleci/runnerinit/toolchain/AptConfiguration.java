package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A configuration of apt that leaves the machine's alone.
 *
 * @param sources lines of a sources.list
 */
record AptConfiguration(Path folder, List<String> sources) {
  static final String KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

  AptConfiguration {
    requireNonNull(folder, "folder is null");
    sources = List.copyOf(requireNonNull(sources, "sources is null"));
  }

  /** Writes it, with up-to-date lists; returns the file for APT_CONFIG. */
  Path write() throws IOException {
    Files.createDirectories(folder.resolve("lists/partial"));
    Files.createDirectories(folder.resolve("cache/archives/partial"));
    Path list = Files.write(folder.resolve("sources.list"), sources);
    Path configuration =
        Files.writeString(
            folder.resolve("apt.conf"),
            """
            Dir::Etc::sourcelist "%s";
            Dir::Etc::sourceparts "-";
            Dir::State::lists "%s";
            Dir::Cache "%s";
            APT::Sandbox::User "root";
            Acquire::Retries "2";
            """
                .formatted(list, folder.resolve("lists"), folder.resolve("cache")));
    Command.of("apt-get", "update").with("APT_CONFIG", configuration).run();
    return configuration;
  }
}
