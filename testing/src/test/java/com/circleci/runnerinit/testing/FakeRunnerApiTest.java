package com.circleci.runnerinit.testing;

import static com.circleci.runnerinit.testing.Route.FAIL;
import static com.circleci.runnerinit.testing.Route.UNCLAIM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class FakeRunnerApiTest {
  @AutoClose
  private final FakeRunnerApi api =
      FakeRunnerApi.start(RunnerApiOptions.plain().forToken("the-token"));

  @AutoClose private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void shouldTakeAndRememberACall() throws Exception {
    var response = post(UNCLAIM, "the-token", "{\"task_id\": \"7\"}\n");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(api.calls())
        .singleElement()
        .satisfies(call -> {
          assertThat(call.method()).isEqualTo("POST");
          assertThat(call.route()).hasValue(UNCLAIM);
          assertThat(call.header("authorization")).hasValue("Bearer the-token");
          assertThat(call.json().get("task_id").getAsString()).isEqualTo("7");
        });
    assertThat(api.complaints()).isEmpty();
  }

  @Test
  void shouldDecodeTheMessageOfAFailEvent() throws Exception {
    post(FAIL, "the-token", "{\"message\": \"aXQgYnJva2U=\"}");

    assertThat(api.calls(FAIL)).extracting(Call::message).containsExactly("it broke");
  }

  @Test
  void shouldNotKnowAnotherTokenOrAnotherRoute() throws Exception {
    assertThat(post(UNCLAIM, "another", "{}").statusCode()).isEqualTo(404);
    assertThat(post("/api/v1/other", "the-token", "{}").statusCode()).isEqualTo(404);
  }

  @Test
  void shouldGiveTheAnswersInTurnAndThenTheDefault() throws Exception {
    api.answer(FAIL, Answer.status(500), Answer.status(204)).always(FAIL, Answer.status(418));

    assertThat(post(FAIL, "the-token", "{}").statusCode()).isEqualTo(500);
    assertThat(post(FAIL, "the-token", "{}").statusCode()).isEqualTo(204);
    assertThat(post(FAIL, "the-token", "{}").statusCode()).isEqualTo(418);
    assertThat(post(FAIL, "the-token", "{}").statusCode()).isEqualTo(418);
    assertThat(post(UNCLAIM, "the-token", "{}").statusCode()).isEqualTo(200);
  }

  @Test
  void shouldSendHeadersAndBody() throws Exception {
    api.answer(FAIL, Answer.status(429).withHeader("Retry-After", "3").withBody("{\"a\":1}"));

    var response = post(FAIL, "the-token", "{}");

    assertThat(response.headers().firstValue("retry-after")).hasValue("3");
    assertThat(response.body()).isEqualTo("{\"a\":1}");
  }

  @Test
  void shouldMisbehaveAsAsked() {
    api.answer(
        FAIL,
        new Answer.Reset(),
        new Answer.Close(),
        new Answer.Raw("SSH-2.0\r\n"),
        new Answer.Truncated(200));

    for (var i = 0; i < 4; i++) {
      assertThatThrownBy(() -> post(FAIL, "the-token", "{}")).isInstanceOf(IOException.class);
    }
  }

  @Test
  void shouldHangUntilTheClientGoes() {
    api.answer(FAIL, new Answer.Hang());

    assertThatThrownBy(() ->
            client.send(
                request(FAIL.path(), "the-token", "{}").timeout(Duration.ofMillis(100)).build(),
                BodyHandlers.ofString()))
        .isInstanceOf(HttpTimeoutException.class);
  }

  @Test
  void shouldComplainAboutWhatIsNoHttp() throws Exception {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), api.port())) {
      socket.getOutputStream().write("POST / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }

    assertThat(api.complaints()).singleElement().asString().contains("request line");
  }

  @Test
  void shouldShowEachCallToTheObserverBeforeItIsAnswered() throws Exception {
    var seen = new CopyOnWriteArrayList<Optional<Route>>();
    api.whenCalled(call -> seen.add(call.route()));

    post(FAIL, "the-token", "{}");

    assertThat(seen).containsExactly(Optional.of(FAIL));
  }

  private HttpResponse<String> post(Route route, String token, String body) throws Exception {
    return post(route.path(), token, body);
  }

  private HttpResponse<String> post(String path, String token, String body) throws Exception {
    return client.send(request(path, token, body).build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path, String token, String body) {
    return HttpRequest.newBuilder(URI.create(api.baseUrl() + path))
        .version(HttpClient.Version.HTTP_1_1)
        .header("Authorization", "Bearer " + token)
        .POST(BodyPublishers.ofString(body));
  }
}
