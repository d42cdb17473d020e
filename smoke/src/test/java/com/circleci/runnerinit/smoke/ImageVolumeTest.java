package com.circleci.runnerinit.smoke;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The init image as a volume, and no init container: {@code deploy/pod-image-volume.yaml}, by
 * podman's image mounts, since its kube play knows no such volume.
 */
class ImageVolumeTest {
  @OverEveryBaseImage
  void shouldRunATask(String base, String context, boolean hasProgram) {
    var verbs =
        "read-stdin print=task-began " + (hasProgram ? "exec /program" : "print=the-task-is-done");

    var log = run(base, context, verbs);

    assertThat(log)
        .contains("starting orchestrator", "task-began")
        .contains(hasProgram ? "program of " + base : "the-task-is-done")
        .contains("run-task app.orphans_reaped=0 result=success")
        .doesNotContain("orchestrator: init", "the-token-of-the-task");
  }

  @Test
  void shouldNotBeWritable() {
    var log = run("busybox", "plain", "exec /bin/sh -c \"true >/opt/circleci/bin/x || true\"");

    assertThat(log).contains("Read-only file system");
  }

  private static String run(String base, String context, String verbs) {
    var manifest = Manifest.load("pod-image-volume.yaml");
    // By the link, which a mounted image has to bring itself.
    manifest
        .configured("task_agent_path", "/opt/circleci/bin/circleci " + verbs)
        .configured("readiness_file_path", "");
    var command = new ArrayList<>(List.of("run", "--rm", "--network", "none"));
    if (context.equals("restricted")) {
      command.addAll(List.of("--user", "1001:1001", "--cap-drop", "ALL", "--read-only"));
      command.addAll(List.of("--read-only-tmpfs=false", "--security-opt", "no-new-privileges"));
    }
    command.addAll(List.of("--env", "CIRCLECI_GOAT_CONFIG=" + manifest.config()));
    command.addAll(
        List.of(
            "--mount", "type=image,source=" + Manifests.INIT + ",destination=/opt/circleci/bin"));
    command.add("localhost/smoke:" + base);
    manifest
        .container("primary")
        .getAsJsonArray("command")
        .forEach(word -> command.add(word.getAsString()));
    return Podman.podman(command.toArray(String[]::new));
  }
}
