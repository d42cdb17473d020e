package com.circleci.runnerinit.toolchain;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A program that asks a home's libchelper whether the CPU can do what it was built for. */
record CpuCheck(Path home, Arch arch) {
  /** It needs the one list of CPU features; and, when it has an argument, the other too. */
  Path compile(Path folder, List<String> always, List<String> more) throws IOException {
    Path libraries = home.resolve("lib/svm/clibraries").resolve(arch.platform());
    Path program = folder.resolve("check");
    Path source =
        Files.writeString(
            folder.resolve("check.c"),
            """
            #include <stddef.h>
            #include <string.h>
            #include "%scpufeatures.h"
            int checkCPUFeaturesOrExit(const unsigned char *required, const char *message);
            int main(int argc, char **argv) {
              unsigned char required[sizeof(CPUFeatures)];
              memset(required, 0xff, sizeof required);
            %s  if (argc > 1) {
            %s  }
              return checkCPUFeaturesOrExit(required, "");
            }
            """
                .formatted(arch.jdkName(), require(always), require(more)));
    Command.of(
            home.resolve("lib/svm/musl").resolve(arch.musl() + "-gcc"),
            "-static",
            "-I" + libraries.resolve("include"),
            "-o",
            program,
            source,
            libraries.resolve("liblibchelper.a"))
        .run();
    return program;
  }

  private static String require(List<String> features) {
    return features.stream()
        .map("  required[offsetof(CPUFeatures, f%s)] = 0xfe;%n"::formatted)
        .collect(joining());
  }
}
