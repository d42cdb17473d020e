# shellcheck shell=bash
# shellcheck disable=SC2154 # root and cache are of ./do
#
# What ./do lint checks of a release: its version, its changes, CI's configuration, spelling, how much
# there is. Sourced by ./do.

# The first section of the change log is that of the version in pom.xml.
check_changelog() {
  local first expected
  first=$(grep -m 1 '^## ' "$root/CHANGELOG.md")
  case $(version) in
    *-SNAPSHOT) expected='## \[Unreleased\]' ;;
    *) expected="## \\[$(version | sed 's/\./\\./g')\\] - [0-9]{4}-[0-9]{2}-[0-9]{2}" ;;
  esac
  grep -qxE "$expected" <<<"$first" ||
    die "CHANGELOG.md begins with \"$first\", but the version in pom.xml is $(version)"
}

# By the schemas of CircleCI and of Renovate, which the checker brings along.
check_configuration() {
  local tool=$cache/tools/check-jsonschema
  if ! cmp -s "$root/scripts/check-jsonschema.txt" "$tool/requirements.txt"; then
    python3 -c 'import ensurepip' 2>/dev/null || need ensurepip-of-python3=python3-venv
    rm -rf "$tool"
    mkdir -p "$tool"
    python3 -m venv "$tool/venv"
    "$tool/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$root/scripts/check-jsonschema.txt"
    cp "$root/scripts/check-jsonschema.txt" "$tool/requirements.txt"
  fi
  "$tool/venv/bin/check-jsonschema" --quiet --builtin-schema vendor.circle-ci "$root"/.circleci/*.yml
  "$tool/venv/bin/check-jsonschema" --quiet --builtin-schema vendor.renovate "$root/renovate.json"
}

# What is written by hand, with the words that codespell takes for others.
check_spelling() (
  cd "$root" || exit
  git ls-files -z '*.md' '*.java' '*.c' '*.bash' '*.y*ml' ./do ':!orchestrator/src/test/fuzz' |
    xargs -0 "$cache/tools/check-jsonschema/venv/bin/codespell" --ignore-words-list=afterall,caf,ccompiler,errorprone,implementor,passtime
)

# How much there may be: words of the documents, lines of ./do and scripts/, lines and files of the
# program. The aims are 15000, 1400, 10400 and 150.
most_words=15000 most_script_lines=1950 most_lines=11700 most_files=150

check_sizes() {
  local words script_lines lines files
  words=$(cd "$root" && git ls-files -z README.md CONTRIBUTING.md 'docs/*.md' | xargs -0 cat | wc -w)
  script_lines=$(cd "$root" && git ls-files -z ./do 'scripts/*' | xargs -0 cat | wc -l)
  lines=$(cd "$root/orchestrator/src/main/java" && git ls-files -z '*.java' | xargs -0 cat | wc -l)
  files=$(cd "$root/orchestrator/src/main/java" && git ls-files '*.java' | wc -l)
  say "sizes: $words words of documents (at most $most_words), $script_lines lines of do and scripts ($most_script_lines), $lines lines of the program ($most_lines) in $files files ($most_files)"
  ((words <= most_words && script_lines <= most_script_lines && lines <= most_lines && files <= most_files)) ||
    die "lint: there is more than scripts/release-checks.bash allows"
}
