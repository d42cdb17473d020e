# shellcheck shell=bash
# shellcheck disable=SC2154 # root and cache are of ./do
#
# What ./do lint checks of a release: its version, its changes, CI's configuration. Sourced by ./do.

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
