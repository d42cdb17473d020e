package com.circleci.runnerinit.init;

import com.circleci.runnerinit.linux.Kernel;
import com.circleci.runnerinit.log.EventLog;
import com.circleci.runnerinit.log.LogEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * Copies the orchestrator and the task agent from the init image into the volume. It may run again
 * at any time, and several times at once.
 */
public record BinariesInstaller(Kernel kernel, EventLog log, Duration shutdownDelay) {
  private static final String AGENT = "circleci-agent";
  private static final List<String> BINARIES = List.of("orchestrator", AGENT);
  private static final String LINK = "circleci";

  /** Makes the destination what it should be; an IOException names the file and the reason. */
  public void install(String source, String destination) throws IOException {
    LogEvent whole = log.event("orchestrator: init");
    int signals = kernel.descriptors().openSignals();
    FileCopy copy = new FileCopy(kernel, new Interruption(kernel, log, shutdownDelay, signals));
    try (Destination folder = Destination.open(kernel, destination)) {
      for (String binary : BINARIES) {
        LogEvent line = log.event("orchestrator: init: copy");
        long bytes = copy.copy(Destination.child(source, binary), folder, binary);
        line.with("binary", binary)
            .with("destination", folder.path(binary))
            .with("bytes", bytes)
            .success()
            .write();
      }
      Destination.Creation link =
          path -> {
            kernel.files().makeSymbolicLink(folder.path(AGENT), path);
            return -1;
          };
      folder.replace(LINK, link, _ -> {});
    }
    whole.with("source", source).with("destination", destination).success().write();
  }
}
