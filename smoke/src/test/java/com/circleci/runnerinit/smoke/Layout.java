package com.circleci.runnerinit.smoke;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An image in the OCI image layout, as {@code ./do images} writes it. */
record Layout(Path folder) {
  /** Of the index that the layout holds; it stands for everything in it. */
  String digest() throws IOException {
    return digest(first(json(folder.resolve("index.json")), "manifests"));
  }

  List<JsonObject> manifests() throws IOException {
    return json(blob(digest())).getAsJsonArray("manifests").asList().stream()
        .map(manifest -> manifest.getAsJsonObject())
        .toList();
  }

  JsonObject config() throws IOException {
    return json(blob(digest(manifest().getAsJsonObject("config"))));
  }

  /** What tar says of each entry of the only layer: mode, owner, size, name. */
  List<String> files() throws IOException {
    var layers = manifest().getAsJsonArray("layers");
    if (layers.size() != 1) {
      throw new AssertionError("layers: " + layers);
    }
    var layer = blob(digest(layers.get(0).getAsJsonObject()));
    return Command.succeed(
            "tar", "--list", "--verbose", "--numeric-owner", "--gzip", "--file", "" + layer)
        .lines()
        .toList();
  }

  private JsonObject manifest() throws IOException {
    return json(blob(digest(manifests().getFirst())));
  }

  private Path blob(String digest) {
    return folder.resolve("blobs/sha256").resolve(digest.replace("sha256:", ""));
  }

  private static String digest(JsonObject descriptor) {
    return descriptor.getAsJsonPrimitive("digest").getAsString();
  }

  private static JsonObject first(JsonObject parent, String field) {
    return parent.getAsJsonArray(field).get(0).getAsJsonObject();
  }

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }
}
