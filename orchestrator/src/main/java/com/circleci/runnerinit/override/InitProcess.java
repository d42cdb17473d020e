package com.circleci.runnerinit.override;

import static java.util.Objects.requireNonNull;

import com.circleci.runnerinit.configuration.Environment;
import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.linux.KernelException;
import com.circleci.runnerinit.lookup.LookupException;
import com.circleci.runnerinit.lookup.ProgramLookup;
import java.util.ArrayList;
import java.util.List;

/** A custom init process, which is given the orchestrator's command line to run. */
public final class InitProcess {
  private final Kernel kernel;
  private final Environment environment;

  public InitProcess(Kernel kernel, Environment environment) {
    this.kernel = requireNonNull(kernel, "kernel is null");
    this.environment = requireNonNull(environment, "environment is null");
  }

  /**
   * Replaces this process; returns only by an exception.
   *
   * @param entrypoint the program and its own arguments, which come before the orchestrator's
   * @param orchestrator the command line for it to run
   * @param entries the environment that both get
   */
  public void execute(List<String> entrypoint, List<String> orchestrator, List<byte[]> entries)
      throws LookupException, KernelException {
    String path = new ProgramLookup(kernel.files(), environment.get("PATH")).find(entrypoint.getFirst());
    List<String> arguments = new ArrayList<>(entrypoint);
    arguments.addAll(orchestrator);
    kernel.processes().execute(path, arguments, entries);
  }
}
