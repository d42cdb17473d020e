package com.circleci.runnerinit.smoke;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.testing.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./do publish}, to a registry. {@code ./do publish-tests} has cosign on the PATH. */
@Tag("publish")
class PublishingTest {
  private static final String KEY_PASSWORD = "password-of-the-key";

  @TempDir Path folder;
  private Registry registry;
  private OtherCheckout checkout;

  @BeforeEach
  void startRegistry() throws IOException {
    registry = Registry.start(Files.createDirectory(folder.resolve("registry")));
    checkout = OtherCheckout.in(folder);
    makeKey("cosign");
  }

  @AfterEach
  void stopRegistry() {
    registry.close();
  }

  @Test
  void shouldPublishASignedIndexWithItsSbomAndProvenance() throws IOException {
    build("1");
    var said = publish(Map.of());

    var layout = new Layout(checkout.resolve("target/images/test-agent"));
    assertThat(said).contains("pushed, signed, with SBOM and provenance");
    assertThat(registry.digest("test-agent")).isEqualTo(layout.digest());
    var pulled = registry.pull("test-agent");
    assertThat(pulled.platforms()).containsExactly("linux/amd64", "linux/arm64");
    for (var platform : pulled.platforms()) {
      assertThat(pulled.files(platform)).isEqualTo(layout.files(platform)).hasSize(3);
    }
    assertThat(verify("cosign").output()).contains(layout.digest());
    assertThat(attested("cyclonedx")).contains("\"bomFormat\"", "httpcore5");
    assertThat(attested("slsaprovenance1")).contains("resolvedDependencies", "gitCommit");
    var log = Files.readString(checkout.resolve("target/images/test-agent.push.log"));
    for (var secret :
        new String[] {Registry.PASSWORD, KEY_PASSWORD, Files.readString(key("cosign", "key"))}) {
      assertThat(said + log).doesNotContain(secret);
    }
  }

  @Test
  void shouldMoveTheTagLastAndKeepTheOldImage() throws IOException {
    build("1");
    publish(Map.of());
    var old = registry.digest("test-agent");

    build("2");
    publish(Map.of());

    assertThat(registry.digest("test-agent"))
        .isEqualTo(new Layout(checkout.resolve("target/images/test-agent")).digest())
        .isNotEqualTo(old);
    var put = registry.manifestsPut();
    assertThat(put).last().isEqualTo("test-agent");
    assertThat(put.stream().filter("test-agent"::equals)).hasSize(2);
    registry.succeed("podman", "pull", "--quiet", registry.repository() + "@" + old);
    registry.succeed("podman", "pull", "--quiet", registry.tag("test-agent"));
  }

  @Test
  void shouldNotMoveTheTagToWhatCouldNotBeSigned() {
    build("1");
    publish(Map.of());
    var old = registry.digest("test-agent");

    build("2");
    var done =
        checkout.run(settings(Map.of("COSIGN_PASSWORD", "another")), "publish", "test-agent");

    assertThat(done.status()).isEqualTo(1);
    assertThat(done.output()).contains("publishing test-agent failed");
    assertThat(registry.digest("test-agent")).isEqualTo(old);
  }

  /** Whoever can write to the registry puts another image there, and the signature of the old. */
  @Test
  void shouldNotVerifyAnotherImageWithTheSignatureOfTheOld() throws IOException {
    build("1");
    publish(Map.of());
    var signatures = "docker://" + registry.tag(registry.digest("test-agent").replace(':', '-'));
    assertThat(verify("cosign").status()).isZero();
    build("2");
    var forged = checkout.resolve("target/images/test-agent");
    var digest = new Layout(forged).digest().replace(':', '-');

    registry.succeed(
        "skopeo", "copy", "--all", "oci:" + forged, "docker://" + registry.tag("test-agent"));
    registry.succeed("skopeo", "copy", "--all", signatures, "docker://" + registry.tag(digest));

    assertThat(registry.digest("test-agent").replace(':', '-')).isEqualTo(digest);
    assertThat(verify("cosign").status()).isNotZero();
  }

  @Test
  void shouldNotVerifyByAnotherKey() throws IOException {
    build("1");
    publish(Map.of());
    makeKey("another");

    assertThat(verify("cosign").status()).isZero();
    assertThat(verify("another").status()).isNotZero();
  }

  @Test
  void shouldTakeTheKeyFromTheEnvironmentAndNeverShowIt() throws IOException {
    var secret = Files.readString(key("cosign", "key"));
    build("1");

    publish(Map.of("COSIGN_KEY", "env://SIGNING_KEY", "SIGNING_KEY", secret));
    var misplaced = checkout.run(settings(Map.of("COSIGN_KEY", secret)), "publish", "test-agent");

    assertThat(verify("cosign").status()).isZero();
    assertThat(misplaced.status()).isEqualTo(1);
    assertThat(misplaced.output())
        .contains("COSIGN_KEY is the path of a key")
        .doesNotContain(secret.lines().skip(1).findFirst().orElseThrow());
  }

  @Test
  void shouldSayThatItDoesNotSignWithoutAKey() {
    build("1");

    assertThat(publish(Map.of("COSIGN_KEY", ""))).contains("not signed, since COSIGN_KEY names no");

    assertThat(verify("cosign").status()).isNotZero();
  }

  @Test
  void shouldRefuseToPublishToNowhereOrWhatIsNotThere() {
    var nowhere = checkout.run(settings(Map.of("IMAGE_REPOSITORY", "")), "publish", "test-agent");
    var nothing = checkout.run(settings(Map.of()), "publish", "agent-1");

    assertThat(List.of(nowhere.status(), nothing.status())).containsOnly(1);
    assertThat(nowhere.output()).contains("IMAGE_REPOSITORY says where to");
    assertThat(nothing.output()).contains("no target/images/agent-1: ./do images makes it");
  }

  /** Another time is another image. */
  private void build(String seconds) {
    checkout.succeed(Map.of("SOURCE_DATE_EPOCH", seconds), "images", "test-agent");
  }

  private String publish(Map<String, String> environment) {
    return checkout.succeed(settings(environment), "publish", "test-agent");
  }

  private Map<String, String> settings(Map<String, String> more) {
    var settings = new HashMap<>(registry.environment());
    settings.putAll(
        Map.of(
            "IMAGE_REPOSITORY",
            registry.repository(),
            "COSIGN_KEY",
            key("cosign", "key").toString(),
            "COSIGN_PASSWORD",
            KEY_PASSWORD));
    settings.putAll(more);
    return settings;
  }

  private void makeKey(String name) {
    var done =
        Command.run(
            folder,
            Map.of("COSIGN_PASSWORD", KEY_PASSWORD),
            List.of("cosign", "generate-key-pair", "--output-key-prefix", name));
    assertThat(done.status()).as(done.output()).isZero();
  }

  private Path key(String name, String kind) {
    return folder.resolve(name + "." + kind);
  }

  /** Without a transparency log, which a registry of one's own has none of. */
  private Command verify(String key) {
    return registry.run(
        "cosign",
        "verify",
        "--key",
        key(key, "pub").toString(),
        "--insecure-ignore-tlog=true",
        registry.tag("test-agent"));
  }

  private String attested(String type) {
    var envelope =
        registry.succeed(
            "sh",
            "-c",
            "cosign verify-attestation --insecure-ignore-tlog=true --key "
                + key("cosign", "pub")
                + " --type "
                + type
                + " "
                + registry.tag("test-agent")
                + " 2>/dev/null | jq --raw-output .payload");
    return new String(Base64.getDecoder().decode(envelope.strip()), UTF_8);
  }
}
