package com.circleci.runnerinit.task;

import com.circleci.runnerinit.configuration.CommandWords;
import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.configuration.GoDuration;
import com.circleci.runnerinit.linux.Files;
import com.circleci.runnerinit.lookup.LookupException;
import com.circleci.runnerinit.lookup.ProgramLookup;
import java.util.ArrayList;
import java.util.List;

/**
 * The task agent's command line.
 *
 * @param arguments the program's own name first
 * @param searchPath the agent's PATH
 */
record AgentCommand(String path, List<String> arguments, String searchPath) {
  AgentCommand {
    arguments = List.copyOf(arguments);
  }

  /** Fails when there is no such program, or the configured path can't be split into words. */
  static AgentCommand of(Configuration configuration, Files files, Environment environment)
      throws LookupException {
    String configured = configuration.taskAgentPath();
    // A path may hold spaces; only one that names no file is a command line.
    List<String> words = files.exists(configured) ? List.of(configured) : split(configured);
    String program = words.isEmpty() ? "" : words.getFirst();
    String path = ProgramLookup.find(files, environment.get("PATH"), program);

    List<String> arguments = new ArrayList<>(words);
    arguments.add("_internal");
    arguments.add("agent-runner");
    arguments.add("--verbose");
    arguments.add("--runnerAPIBaseURL=" + configuration.runnerApiBaseUrl());
    arguments.add("--allocation=" + configuration.allocation());
    arguments.add("--disableSpinUpStep");
    arguments.add("--disableIsolatedSSHDir");
    arguments.add("--maxRunTime=" + GoDuration.format(configuration.maxRunTime()));
    if (!configuration.sshAdvertiseAddress().isEmpty()) {
      arguments.add("--sshAdvertiseAddr=" + configuration.sshAdvertiseAddress());
    }
    return new AgentCommand(path, arguments, searchPath(environment, directoryOf(path)));
  }

  private static List<String> split(String commandLine) throws LookupException {
    try {
      return CommandWords.split(commandLine);
    } catch (IllegalArgumentException e) {
      throw new LookupException("task_agent_path: " + e.getMessage());
    }
  }

  private static String searchPath(Environment environment, String directory) {
    return environment
        .get("PATH")
        .filter(path -> !path.isEmpty())
        .map(path -> path + ":" + directory)
        .orElse(directory);
  }

  private static String directoryOf(String path) {
    int slash = path.lastIndexOf('/');
    return slash > 0 ? path.substring(0, slash) : "/";
  }
}
