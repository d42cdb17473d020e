package com.circleci.runnerinit;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The documents say what is so: their tables against the code, their links, their pictures. */
class DocsTest {
  private static final Path ROOT = Path.of(System.getProperty("basedir", ".")).resolve("..");
  private static final Path MAIN = ROOT.resolve("orchestrator/src/main/java");
  private static final String PACKAGE = "com.circleci.runnerinit.";

  /**
   * The classes that something passes through on its way, from where it begins to where it ends.
   */
  private static final Map<String, List<String>> ROUTES = new LinkedHashMap<>();

  static {
    ROUTES.put("configuration to arguments", List.of("Program", "Plan", "TaskRun", "AgentCommand"));
    ROUTES.put(
        "token to standard input",
        List.of("Configuration", "Secret", "TaskRun", "InputFeed", "Descriptors"));
    ROUTES.put(
        "exit status to report",
        List.of("Processes", "Supervisor", "TaskRun", "Reporter", "RunnerApi", "HttpClient"));
    ROUTES.put("exit status to exit code", List.of("TaskRun", "Outcome", "Program", "ExitCode"));
  }

  // --- what the reference says of the code -------------------------------------------------------

  /** The help of each command, to which another test holds the program. */
  @Test
  void shouldNameTheFlagsWithVariablesDefaultsAndCommands() {
    Map<String, Set<String>> commands = new TreeMap<>();
    Map<String, String> about = new TreeMap<>();
    for (String command : List.of("init", "override", "run-task")) {
      String help = read("acceptance/src/test/resources/help/" + command + ".txt");
      for (MatchResult flag :
          all("--([a-z-]+)(?:=(\\S+))?(?:(?:(?!--)[^$])*\\(\\$(\\w+)\\))?", help)) {
        commands.computeIfAbsent(flag.group(1), name -> new TreeSet<>()).add(command);
        String byDefault = flag.group(2) == null ? "" : flag.group(2).replace("\"", "");
        about.put(
            flag.group(1),
            flag.group(3) + (byDefault.matches("[A-Z].*") ? "" : " " + byDefault).stripTrailing());
      }
    }

    for (List<String> row : rows("docs/reference/command-line.md", ".*`--(?!config).*")) {
      String flag = row.get(0).replaceAll(".*`--([a-z-]+)`.*", "$1");
      Set<String> used = new TreeSet<>(List.of(row.get(3).split(", ")));
      assertThat(commands.remove(flag))
          .as(flag)
          .isEqualTo(used.contains("all") ? Set.of("init", "override", "run-task") : used);
      assertThat((row.get(1) + " " + row.get(2)).replace("`", ""))
          .as(flag)
          .startsWith(about.getOrDefault(flag, "").replace("null", ""));
    }
    assertThat(commands).isEmpty();
  }

  @Test
  void shouldNameTheExitCodes() {
    assertThat(rows("docs/reference/command-line.md", "\\d+"))
        .extracting(List::getFirst)
        .containsExactlyElementsOf(found("\\b[A-Z]+\\((\\d+)\\)", source("ExitCode")));
  }

  @Test
  void shouldNameTheFieldsOfTheConfiguration() {
    String parser = source("ConfigurationParser");
    List<List<String>> fields = rows("docs/reference/configuration.md", "`\\w+`");

    assertThat(fields.stream().map(row -> row.get(0).replace("`", "")))
        .containsExactlyInAnyOrderElementsOf(found("(?m)(?:case|^) +\"(\\w+)\"(?:,| ->)", parser));
    assertThat(fields.stream().filter(row -> row.get(2).equals("yes")))
        .extracting(row -> row.get(0).replace("`", ""))
        .containsExactlyInAnyOrderElementsOf(
            found("\"(\\w+)\"", String.join("", found("Stream\\.of\\((\".*\")\\)", parser))));
  }

  @Test
  void shouldNameTheMetrics() {
    String metrics = source("Metrics");
    Set<String> known = new TreeSet<>(Set.of("runner_init_build_info"));
    found("gauge\\(\\s*\"(\\w+)\"", metrics).forEach(name -> known.add("runner_init_" + name));
    found("counter\\(\\s*\"(\\w+)\"", metrics)
        .forEach(name -> known.add("runner_init_" + name + "_total"));

    assertThat(rows("docs/reference/health.md", "`runner_init_.*"))
        .extracting(row -> row.get(0).replace("`", ""))
        .containsExactlyElementsOf(known);
  }

  @Test
  void shouldNameTheEventsOfTheLog() {
    Set<String> known = new TreeSet<>();
    sources().forEach(text -> known.addAll(found("\\bevent\\(\\s*\"([^\"]+)\"\\)", text)));
    sources().forEach(text -> known.addAll(found("fail\\(log, \"([^\"]+)\"", text)));
    known.addAll(
        found("\"(/api/[^\"]+)\"", source("TaskRun")).stream().map("POST "::concat).toList());
    known.add("health: … failed");

    List<List<String>> rows = rows("docs/reference/log.md", "`[^`]+`");
    assertThat(rows)
        .extracting(row -> row.get(0).replace("`", ""))
        .containsExactlyInAnyOrderElementsOf(known);
  }

  @Test
  void shouldSayForEachMessageWhatToDo() {
    Set<String> messages = new TreeSet<>();
    for (String text : List.of(source("TaskRun"), source("Failure"), source("RunnerApi"))) {
      messages.addAll(found("\"((?:error|failed to) [a-z][^\"]{12,}?)\\.?\"", text));
    }

    assertThat(messages).hasSizeGreaterThan(9);
    assertThat(read("docs/troubleshooting.md")).contains(messages);
  }

  @Test
  void shouldSayHowLongEachThingMayTake() {
    Set<String> said = new TreeSet<>();
    for (List<String> row : rows("docs/reference/times.md", ".*")) {
      for (MatchResult name : all("`(\\w+)\\.(\\w+)`", row.get(2))) {
        said.add(name.group(2));
        String unit = row.get(1).replaceAll("\\d+ ", "");
        assertThat(source(name.group(1)))
            .containsPattern(
                name.group(2)
                    + "(?: =\\s+|\\()Duration.of"
                    + Map.of("min", "Minutes", "s", "Seconds", "ms", "Millis").get(unit)
                    + "\\("
                    + row.get(1).replaceAll(" .*", "")
                    + "\\)");
      }
    }

    sources()
        .forEach(text ->
            assertThat(said).containsAll(found("Duration (\\w+_(?:LIMIT|DELAY)) = ", text)));
  }

  /** The libraries, each with what its own notice says. */
  @Test
  void shouldNameInTheNoticeWhoseWorkIsInTheExecutable() throws IOException {
    String notice = read("NOTICE");
    String[] jars = read("orchestrator/target/class-path").split(":", -1);
    assertThat(jars).hasSizeGreaterThan(3);
    for (String jar : jars) {
      assertThat(notice).contains(jar.replaceFirst(".*/(.*?)-\\d.*", "\n$1 ("));
      try (FileSystem inside = FileSystems.newFileSystem(Path.of(jar))) {
        for (String name : List.of("META-INF/NOTICE", "META-INF/NOTICE.txt", "NOTICE")) {
          if (Files.exists(inside.getPath(name))) {
            read(inside.getPath(name)).lines().forEach(line -> assertThat(notice).contains(line));
          }
        }
      }
    }
  }

  // --- what any page says ------------------------------------------------------------------------

  static List<Path> pages() {
    return files("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "toolchain/README.md", "docs")
        .filter(file -> file.toString().endsWith(".md"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("pages")
  void shouldLinkToWhatThereIs(Path page) {
    for (MatchResult link : all("\\]\\((?!https?:)([^)#]*)(?:#([^)]*))?\\)", read(page))) {
      Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1)).normalize();
      assertThat(target).as("the link %s", link.group()).exists();
      if (link.group(2) != null) {
        assertThat(anchors(target)).as("the link %s", link.group()).contains(link.group(2));
      }
    }
  }

  private static List<String> anchors(Path page) {
    return all("(?m)^#+ (.*)$", read(page)).stream()
        .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .toList();
  }

  private static final Map<String, String> TESTS = tests();

  /** What a page tells to look at; DocumentedCommandsTest has what it tells to run. */
  @ParameterizedTest
  @MethodSource("pages")
  void shouldNameTestsAndFilesThatThereAre(Path page) {
    String text = read(page);
    for (MatchResult test : all("`(\\w+(?:Test|Fuzz))(?:\\.(should\\w+))?`|-Dtest=(\\w+)", text)) {
      String name = test.group(1) == null ? test.group(3) : test.group(1);
      assertThat(TESTS).as(test.group()).containsKey(name);
      if (test.group(2) != null) {
        assertThat(TESTS.getOrDefault(name, "")).contains(" " + test.group(2) + "(");
      }
    }
    for (MatchResult file :
        all(
            "`((?:docs|deploy|docker|scripts|orchestrator/src|acceptance/src"
                + "|testing/src|smoke/src|examples)/[\\w./-]+)`",
            text)) {
      assertThat(ROOT.resolve(file.group(1))).exists();
    }
  }

  @Test
  void shouldBePointedToByTheCode() {
    List<Path> sources =
        files("do", "scripts", "deploy", "orchestrator/src", "acceptance/src", "bench/src")
            .filter(file -> file.toString().matches(".*(/do|\\.(bash|ya?ml|java))"))
            .toList();

    assertThat(sources).hasSizeGreaterThan(200);
    for (Path source : sources) {
      for (MatchResult page : all("\\bdocs/[\\w/-]+\\.md", read(source))) {
        assertThat(ROOT.resolve(page.group())).as("named in %s", source).exists();
      }
    }
  }

  // --- the picture -------------------------------------------------------------------------------

  @Test
  void shouldShowTheRoomsAndTheRoutesAsTheyAre() throws IOException {
    Path page = ROOT.resolve("docs/architecture.md");
    List<JavaClass> classes = classes();
    String rooms = "flowchart TD\n" + rooms(classes);
    String routes = "flowchart LR\n" + routes(classes);
    String text = read(page);
    if (Boolean.getBoolean("docs.write")) {
      text = text.replaceFirst("(?s)flowchart TD\n.*?(?=```)", rooms);
      text = text.replaceFirst("(?s)flowchart LR\n.*?(?=```)", routes);
      Files.writeString(page, text);
    }

    assertThat(text).as("-Ddocs.write=true writes it").contains(rooms).contains(routes);
  }

  /** Those of the program, not of the tests. */
  private static List<JavaClass> classes() {
    Set<String> own = new TreeSet<>();
    sourceFiles()
        .forEach(file ->
            own.add(
                MAIN.relativize(file).toString().replace('/', '.').replaceFirst("\\.java$", "")));
    return new ClassFileImporter()
        .importPackages(PACKAGE.substring(0, PACKAGE.length() - 1)).stream()
            .filter(type -> own.contains(file(type)))
            .toList();
  }

  /** Nested classes belong to the file that they are in. */
  private static String file(JavaClass type) {
    return type.getName().replaceFirst("\\$.*", "");
  }

  private static Stream<JavaClass> knownTo(JavaClass type) {
    return type.getDirectDependenciesFromSelf().stream()
        .map(dependency -> dependency.getTargetClass())
        .filter(target -> target.getName().startsWith(PACKAGE));
  }

  /** Who knows whom; what somebody known knows is left out. */
  private static String rooms(List<JavaClass> classes) {
    Map<String, Set<String>> known = new TreeMap<>();
    for (JavaClass type : classes) {
      Set<String> others = known.computeIfAbsent(room(type), room -> new TreeSet<>());
      knownTo(type)
          .map(DocsTest::room)
          .filter(room -> !room.equals(room(type)))
          .forEach(others::add);
    }
    StringBuilder chart = new StringBuilder();
    known.forEach((room, others) -> {
      List<String> direct =
          others.stream()
              .filter(other ->
                  others.stream()
                      .noneMatch(via -> !via.equals(other) && reaches(known, via, other)))
              .toList();
      if (!direct.isEmpty()) {
        chart.append("  ").append(room).append(" --> ");
        chart.append(String.join(" & ", direct)).append('\n');
      }
    });
    return chart.toString();
  }

  private static boolean reaches(Map<String, Set<String>> known, String from, String to) {
    Set<String> others = known.getOrDefault(from, Set.of());
    return others.contains(to) || others.stream().anyMatch(other -> reaches(known, other, to));
  }

  private static String room(JavaClass type) {
    return type.getPackageName().substring(PACKAGE.length());
  }

  /** Each class on a route knows the one before it or the one after it. */
  private static String routes(List<JavaClass> classes) {
    Map<String, Set<String>> known = new TreeMap<>();
    for (JavaClass type : classes) {
      Set<String> others = known.computeIfAbsent(file(type), file -> new TreeSet<>());
      knownTo(type).map(DocsTest::file).forEach(others::add);
    }
    Map<String, Set<String>> rooms = new TreeMap<>();
    StringBuilder chart = new StringBuilder();
    ROUTES.forEach((route, names) -> {
      String before = "";
      for (String name : names) {
        JavaClass type = named(name, classes);
        rooms.computeIfAbsent(room(type), room -> new TreeSet<>()).add(name);
        String one = before;
        String other = file(type);
        assertThat(
                one.isEmpty()
                    || known.getOrDefault(one, Set.of()).contains(other)
                    || known.getOrDefault(other, Set.of()).contains(one))
            .as("%s, %s", one, other)
            .isTrue();
        before = other;
      }
      chart.append("  ").append(names.getFirst()).append(" -- ").append(route).append(" --> ");
      chart.append(String.join(" --> ", names.subList(1, names.size()))).append('\n');
    });
    rooms.forEach((room, names) ->
        chart
            .append("  subgraph ")
            .append(room)
            .append("\n    ")
            .append(String.join(" & ", names))
            .append("\n  end\n"));
    return chart.toString();
  }

  private static JavaClass named(String name, List<JavaClass> classes) {
    return classes.stream()
        .filter(type -> type.getSimpleName().equals(name) && !type.isNestedClass())
        .findAny()
        .orElseThrow(() -> new AssertionError("no class " + name));
  }

  // --- reading -----------------------------------------------------------------------------------

  /** The cells of the rows of a page's tables whose first one matches. */
  private static List<List<String>> rows(String page, String first) {
    return read(page)
        .lines()
        .filter(line -> line.startsWith("| "))
        .map(line -> Arrays.stream(line.substring(2).split(" ?\\| ?", -1)).toList())
        .filter(row -> row.getFirst().matches(first))
        .toList();
  }

  private static String source(String type) {
    return read(
        sourceFiles().stream()
            .filter(file -> file.endsWith(type + ".java"))
            .findAny()
            .orElseThrow());
  }

  private static Stream<String> sources() {
    return sourceFiles().stream().map(DocsTest::read);
  }

  private static List<Path> sourceFiles() {
    return files("orchestrator/src/main/java")
        .filter(file -> file.toString().endsWith(".java"))
        .toList();
  }

  private static Map<String, String> tests() {
    Map<String, String> tests = new TreeMap<>();
    files(
            "orchestrator/src/test",
            "acceptance/src/test",
            "smoke/src/test",
            "testing/src/test",
            "toolchain/src/test")
        .filter(file -> file.toString().matches(".*(Test|Fuzz)\\.java"))
        .forEach(file -> tests.put(file.getFileName().toString().replace(".java", ""), read(file)));
    return tests;
  }

  private static Stream<Path> files(String... folders) {
    List<Path> files = new ArrayList<>();
    for (String folder : folders) {
      try (Stream<Path> walk = Files.walk(ROOT.resolve(folder))) {
        walk.filter(Files::isRegularFile).forEach(files::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return files.stream();
  }

  private static List<String> found(String pattern, String text) {
    return new ArrayList<>(all(pattern, text).stream().map(match -> match.group(1)).toList());
  }

  private static List<MatchResult> all(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().toList();
  }

  private static String read(String page) {
    return read(ROOT.resolve(page));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
