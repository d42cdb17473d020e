package com.circleci.runnerinit.task;

import com.circleci.runnerinit.configuration.CommandWords;
import com.circleci.runnerinit.configuration.Configuration;
import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.configuration.GoDuration;
import com.circleci.runnerinit.linux.Files;
import com.circleci.runnerinit.lookup.LookupException;
import com.circleci.runnerinit.lookup.ProgramLookup;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The task agent's command line and the change to its environment.
 *
 * @param path the file to execute
 * @param arguments the program's own name first
 * @param variables to be set beside those of the orchestrator
 */
record AgentCommand(String path, List<String> arguments, Map<String, String> variables) {
  AgentCommand {
    arguments = List.copyOf(arguments);
    variables = Map.copyOf(variables);
  }

  /**
   * The command for a configuration.
   *
   * @throws LookupException when there is no such program, or the configured path can't be split
   *     into words
   */
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

    Map<String, String> variables = new HashMap<>();
    variables.put("PATH", searchPath(environment, directoryOf(path)));
    return new AgentCommand(path, arguments, variables);
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
