package com.circleci.runnerinit.smoke;

import com.circleci.runnerinit.testing.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A clone in another folder, with the same executables; its scripts are those of the work tree. */
record OtherCheckout(Path folder) {
  /** The files are of now, and of another mode. */
  static OtherCheckout in(Path parent) throws IOException {
    var checkout = Command.checkout();
    var other = parent.resolve("elsewhere");
    Command.succeed("git", "clone", "--quiet", checkout.toString(), other.toString());
    for (var file : List.of("do", "scripts", "docker", "pom.xml")) {
      Command.succeed("cp", "-r", checkout.resolve(file).toString(), other + "/");
    }
    Files.createDirectories(other.resolve("target"));
    Command.succeed("cp", "-r", checkout.resolve("target/bin").toString(), other + "/target/");
    Command.succeed("chmod", "-R", "u+rwx,go=", other.resolve("target/bin").toString());
    return new OtherCheckout(other);
  }

  Path resolve(String file) {
    return folder.resolve(file);
  }

  /** Runs a verb of {@code ./do} with the executables as they are. */
  Command run(Map<String, String> environment, String... verb) {
    var settings = new HashMap<>(environment);
    settings.put("SKIP_BUILD", "true");
    var words = new ArrayList<>(List.of("./do"));
    words.addAll(List.of(verb));
    return Command.run(folder, settings, words);
  }

  String succeed(Map<String, String> environment, String... verb) {
    var done = run(environment, verb);
    if (done.status() != 0) {
      throw new AssertionError(String.join(" ", verb) + ": " + done.output());
    }
    return done.output();
  }
}
