package com.circleci.runnerinit.toolchain;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * What the image builder asks of C: sizes, offsets and constants. It compiles its questions into
 * programs and runs them. Those for another architecture run by QEMU, once, when a home is
 * assembled; the answers are kept in it (the builder's "C annotation processor cache").
 */
record CapCache(Path home, Arch arch) {
  /** Puts a script in the place of each program, so that nothing of the machine has to be set. */
  private static final String SCRIPT =
      """
      #!/bin/sh
      set -e
      COMPILER "$@"
      for word; do
        case $word in -c | -E | -S) exit ;; esac
        [ "$previous" != -o ] || program=$word
        previous=$word
      done
      [ -n "$program" ] && [ -x "$program" ] || exit 0
      mv "$program" "$program.foreign"
      printf '#!/bin/sh\nexec QEMU "%s" "$@"\n' "$program.foreign" >"$program"
      chmod +x "$program"
      """;

  CapCache {
    requireNonNull(home, "home is null");
    requireNonNull(arch, "arch is null");
  }

  Path write(Path work) throws IOException {
    Path compiler = home.resolve("lib/svm/musl").resolve(arch.musl() + "-gcc");
    Path script =
        Files.writeString(
            work.resolve("query-gcc"),
            SCRIPT
                .replace("COMPILER", compiler.toString())
                .replace("QEMU", "qemu-" + arch.jdkName() + "-static"));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path folder = Files.createDirectories(work.resolve("cap"));
    Command.of(
            home.resolve("bin/native-image"),
            "--static",
            "--libc=musl",
            "-H:+UnlockExperimentalVMOptions",
            "-H:CCompilerPath=" + script,
            "-H:-UseCAPCache",
            "-H:+NewCAPCache",
            "-H:+ExitAfterCAPCache",
            "-H:CAPCacheDir=" + folder,
            "-cp",
            home.resolve("lib/svm/driver"),
            "-o",
            work.resolve("nothing"),
            "com.circleci.runnerinit.toolchain.driver.NativeImage")
        .run();
    Path kept = home.resolve("lib/svm/cap");
    Files.move(folder, kept);
    return kept;
  }
}
