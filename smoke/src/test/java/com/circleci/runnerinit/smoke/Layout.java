package com.circleci.runnerinit.smoke;

import com.circleci.runnerinit.testing.Command;
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

  /** Each platform as docker names it, such as {@code linux/amd64}, in the index's order. */
  List<String> platforms() throws IOException {
    return manifests().stream().map(Layout::platform).toList();
  }

  JsonObject config(String platform) throws IOException {
    return json(blob(digest(manifest(platform).getAsJsonObject("config"))));
  }

  /** What tar says of each entry of the only layer: mode, owner, size, name. */
  List<String> files(String platform) throws IOException {
    return Command.succeed(
            "tar", "--list", "--verbose", "--numeric-owner", "--gzip", "--file", layer(platform))
        .lines()
        .toList();
  }

  /** Unpacks a file of the only layer. */
  Path extract(String platform, String name, Path into) throws IOException {
    Files.createDirectories(into);
    Command.succeed(
        "tar", "--extract", "--gzip", "--file", layer(platform), "--directory", "" + into, name);
    return into.resolve(name);
  }

  private String layer(String platform) throws IOException {
    var layers = manifest(platform).getAsJsonArray("layers");
    if (layers.size() != 1) {
      throw new AssertionError("layers: " + layers);
    }
    return blob(digest(layers.get(0).getAsJsonObject())).toString();
  }

  private JsonObject manifest(String platform) throws IOException {
    var manifest =
        manifests().stream()
            .filter(entry -> platform(entry).equals(platform))
            .findFirst()
            .orElseThrow(() -> new AssertionError("no manifest for " + platform));
    return json(blob(digest(manifest)));
  }

  private static String platform(JsonObject manifest) {
    var platform = manifest.getAsJsonObject("platform");
    return text(platform, "os") + "/" + text(platform, "architecture");
  }

  private Path blob(String digest) {
    return folder.resolve("blobs/sha256").resolve(digest.replace("sha256:", ""));
  }

  private static String digest(JsonObject descriptor) {
    return text(descriptor, "digest");
  }

  private static String text(JsonObject parent, String field) {
    return parent.getAsJsonPrimitive(field).getAsString();
  }

  private static JsonObject first(JsonObject parent, String field) {
    return parent.getAsJsonArray(field).get(0).getAsJsonObject();
  }

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }
}
