#!/usr/bin/env bash
#
# Every task of a developer or of CI. ./do help lists them.
#
# A verb is a function named verb_NAME, here or in scripts/; the "##" lines above it are its help.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${RUNNER_INIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/runner-init}

# As images name it.
machine_architecture() { uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/'; }

# What this machine itself runs.
bin=$root/target/bin/linux/$(machine_architecture)

# What is built for: arm64 on an amd64 machine too, if that is of Debian. See toolchain/README.md.
architectures=$(machine_architecture)
[[ $architectures == arm64 || ! -x /usr/bin/dpkg-query ]] || architectures="amd64 arm64"
architectures=${ARCHITECTURES:-$architectures}

say() { printf '%s\n' "$*" >&2; }

die() {
  say "do: $*"
  exit 1
}

# --- what the tasks need ---------------------------------------------------------------------

# The kernel's own names of its system calls on arm64, to compare ours with.
arm64_headers=/usr/aarch64-linux-gnu/include/asm/unistd.h=linux-libc-dev-arm64-cross

# For the tests: COMMAND=PACKAGE. The servers and init processes are there to be tested against.
test_tools=(
  cc=gcc file=file readelf=binutils unshare=util-linux openssl=openssl promtool=prometheus
  nginx=nginx-light tinyproxy=tinyproxy-bin qemu-x86_64-static=qemu-user-static
  strace=strace mkfs.xfs=xfsprogs tini=tini dumb-init=dumb-init catatonit=catatonit "$arm64_headers"
)

# Sets JAVA_HOME to a JDK 25, whatever the java on the PATH is.
find_jdk() {
  local home
  for home in "${JAVA_HOME:-}" "$(readlink -f "$(type -P javac)" | sed 's:/bin/javac$::')" \
    "${GRAALVM_HOME:-}" /usr/lib/jvm/*; do
    if [[ -x $home/bin/javac ]] && grep -qs '^JAVA_VERSION="25[."]' "$home/release"; then
      export JAVA_HOME=$home
      return
    fi
  done
  die "no JDK 25 in JAVA_HOME, on the PATH, in GRAALVM_HOME or in /usr/lib/jvm: install one, and set JAVA_HOME"
}

# Installs Debian packages whose commands, or files, are missing: need COMMAND=PACKAGE…
need() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || [[ ${pair%%=*} == /* && -e ${pair%%=*} ]] || missing+=("${pair#*=}")
  done
  ((${#missing[@]})) || return 0
  ((EUID == 0)) || die "missing ${missing[*]}: install them (apt-get install ${missing[*]})"
  say "installing ${missing[*]}"
  apt-get update -qq
  # The run level keeps a package's daemon from being started.
  RUNLEVEL=1 apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install ${missing[*]}"
}

# Debian's Maven writes escape codes to whatever there is.
plain() { if [[ -t 1 ]]; then cat; else sed -u 's/\x1b\[[0-9;]*m//g'; fi; }

maven() {
  find_jdk
  need mvn=maven
  mvn --file "$root" --batch-mode --quiet "$@" 2> >(plain >&2) | plain
}

# Prints the GraalVM home that somebody installed, if it can build for that: installed_graalvm ARCHITECTURE
installed_graalvm() {
  local home
  [[ $1 == "$(machine_architecture)" ]] || return 0
  for home in "${GRAALVM_HOME:-}" "$JAVA_HOME"; do
    [[ ! -x $home/bin/native-image ]] || { printf '%s\n' "$home" && return; }
  done
}

# The same, or else the path of one that is assembled: graalvm_home ARCHITECTURE
graalvm_home() {
  "$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
    "$root/toolchain/src/main/java/com/circleci/runnerinit/toolchain/Toolchain.java" --arch "$1" home
}

# What took how long is kept for who waits for it the next time: took NAME SECONDS
took() { mkdir -p "$root/target/took" && printf '%s\n' "$2" >"$root/target/took/$1"; }

last_took() { [[ ! -f $root/target/took/$1 ]] || printf ', %s s last time' "$(<"$root/target/took/$1")"; }

# Runs a command that may take long, its output in a file: with_progress WHAT FILE COMMAND…
with_progress() {
  local what=$1 output=$2 begin=$SECONDS
  mkdir -p "${output%/*}"
  say "$what$(last_took "${what// /-}"); details in ${output#"$root"/}"
  # In the background, so that it ends at its first error in spite of what follows.
  "${@:3}" >"$output" 2>&1 &
  wait $! || {
    grep -m 3 -E '^\[ERROR\]|[Ee]rror:|^do: ' "$output" >&2 || true
    die "$what failed: see ${output#"$root"/}"
  }
  took "${what// /-}" $((SECONDS - begin))
  say "$what: $((SECONDS - begin)) s"
}

# --- build -----------------------------------------------------------------------------------

version() { sed -n 's:^  <version>\(.*\)</version>$:\1:p' "$root/pom.xml"; }

# A hash of these words and of the files below these paths: fingerprint WORDS PATH…
fingerprint() {
  (cd "$root" && printf '%s\n' "$1" && find "${@:2}" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) |
    sha256sum | cut -c1-16
}

# Compiles the classes of the orchestrator and of the tests' servers, if they are of other sources.
compile() {
  local key kept=$root/target/classes.key
  key=$(fingerprint classes pom.xml .mvn {orchestrator,testing}/{pom.xml,src/main})
  [[ $(cat "$kept" 2>/dev/null) != "$key" || ! -d $root/testing/target/classes || ! -d $root/orchestrator/target/classes ]] || return 0
  with_progress "compiling" "$root/target/compile.log" maven process-classes -pl orchestrator,testing -am
  printf '%s\n' "$key" >"$kept"
}

# The musl compiler for an architecture, in a home that is assembled: musl_gcc ARCHITECTURE
musl_gcc() {
  if [[ $1 == "$(machine_architecture)" ]]; then
    need musl-gcc=musl-tools
    echo musl-gcc
  else
    echo "$(graalvm_home "$1")"/lib/svm/musl/*-linux-musl-gcc
  fi
}

# Writes what an executable was made of, for SBOM and provenance of the images, to inputs.json beside
# it: record_build ARCHITECTURE HOME
record_build() {
  local into=$root/target/bin/linux/$1 log=$root/target/native-image-$1.log inputs
  mapfile -t inputs < <(sed -n 's/.*Executing: .* -cp \([^ ]*\) .*/\1/p' "$log" | tr : '\n')
  cp "$root/orchestrator/target/runtime.cdx.json" "$into/maven.cdx.json"
  jq -n --sort-keys '$ARGS.named' --arg executable "$(sha256sum <"$into/orchestrator" | cut -d' ' -f1)" \
    --arg inputs "$(sha256sum "${inputs[@]}" "$root/orchestrator/target/native-$1/librunnerinit.a" "$2/release")" \
    --arg options "$(sed -n "s:$root/::g; s:.*Executing\: .* -cp [^ ]* ::p" "$log")" \
    --arg release "$(cat "$2/release")" --arg toolchain "$(cat "$2/toolchain.properties" 2>/dev/null)" \
    --arg roots "$(sed -n 's/^source: *certifi \([^ ]*\).*/\1/p' "$root/orchestrator/src/main/roots/roots.txt")" \
    >"$into/inputs.json"
}

# What the pom builds, kept by a hash of all that goes into it: build_executable ARCHITECTURE
build_executable() {
  local into=$root/target/bin/linux/$1 inputs=(pom.xml orchestrator/{pom.xml,src/main}) home profiles=native words kept
  home=$(installed_graalvm "$1")
  [[ -n $home ]] || inputs+=(toolchain/builder.lock toolchain/src/main)
  # The date of the last change is in the executable.
  words=$(git -C "$root" log -1 --format=%cI -- orchestrator/src/main orchestrator/pom.xml || true)
  kept=$cache/executables/$(fingerprint "$1 $home $words $JAVA_HOME $(cat "${home:-$JAVA_HOME}/release")" "${inputs[@]}")
  if [[ ! -x $kept/orchestrator ]]; then
    home=$(graalvm_home "$1") || die "no native-image to build with for $1"
    need mvn=maven musl-gcc=musl-tools ar=binutils jq=jq
    [[ $1 == "$(machine_architecture)" ]] || profiles=native,cross-$1
    # Classes of sources that are gone would get into it.
    rm -rf "$root"/{target/bin/linux/"$1",orchestrator/target/classes}
    GRAALVM_HOME=$home with_progress "building the executable for $1" "$root/target/native-image-$1.log" \
      mvn --file "$root" --batch-mode package org.cyclonedx:cyclonedx-maven-plugin:makeBom -pl orchestrator -P"$profiles" \
      -Dmaven.test.skip=true -DskipUnitTests=true
    record_build "$1" "$home"
    mkdir -p "$cache/executables"
    rm -rf "$kept"
    cp -r "$into" "$kept.new" && mv "$kept.new" "$kept"
  fi
  # In small pieces, as install(1) writes them: docs/decisions/0016.
  cmp -s "$kept/orchestrator" "$into/orchestrator" || install -D -m 755 "$kept/orchestrator" "$into/orchestrator"
  cp "$kept"/*.json "$into/"
}

# The executable, and the fake task agent of the tests, with a compiler for its architecture: build ARCHITECTURE
build() {
  local into=target/bin/linux/$1 source=$root/testing/src/main/c
  find_jdk
  [[ ${SKIP_BUILD:-} != true ]] || return 0
  [[ $1 == amd64 || $1 == arm64 ]] || die "ARCHITECTURES: amd64 or arm64, not $1"
  build_executable "$1"
  if [[ ! -x $root/$into/fake-task-agent || -n $(find "$source" -newer "$root/$into/fake-task-agent") ]]; then
    "$(musl_gcc "$1")" -static -Os -s -Wall -Wextra -Werror -o "$root/$into/fake-task-agent" "$source/fake-task-agent.c"
  fi
  say "$into: orchestrator $(stat -c %s "$root/$into/orchestrator") bytes"
}

## Build the static executables into target/bin/linux, for amd64 and arm64
##
## mvn -Pnative package for each. The first run assembles a native-image toolchain when GRAALVM_HOME
## and JAVA_HOME have none. Toolchain and executables are kept, by a hash of their inputs, in
## $RUNNER_INIT_CACHE (~/.cache/runner-init).
##
##   ARCHITECTURES=amd64   builds for that alone, in half the time
##   SKIP_BUILD=true       has any verb take the executables in target/bin as they are
verb_build() {
  local architecture
  # One after the other, since each takes 5 GB of memory.
  for architecture in $architectures; do build "$architecture"; done
}

## Take a script through the whole flow of a task: ./do run-task [--jvm] [FLAG…] [SCRIPT]
##
## Builds what is missing; then init fills a volume, and the orchestrator runs as PID 1 of a new
## PID namespace with a task agent that runs SCRIPT (examples/task.sh), beside a fake runner API
## that prints its calls. Ends with a timeline, and with the orchestrator's exit status. Needs root.
##
##   --jvm                the same classes on a JVM, which takes no native-image
##   --entrypoint 'CMD'   a custom entrypoint to run beside the task, by sh -c
##   --user USER          whom to run the task as: a name, a uid or uid:gid
##   --fail-api           the runner API answers 500 to everything
verb_run_task() {
  ((EUID == 0)) || die "run-task: a PID namespace of its own needs root"
  need unshare=util-linux cc=gcc
  local programs=("$bin")
  if [[ ${1:-} == --jvm ]]; then
    build_jvm
    shift
    programs=("$jvm" --runtime "$jvm")
  else
    build "$(machine_architecture)"
    compile
  fi
  took run-task "$SECONDS"
  exec "$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED \
    -cp "$root/testing/target/classes:$(cat "$root/testing/target/class-path")" \
    com.circleci.runnerinit.testing.RunTask "${programs[@]}" "$@"
}

# --- checks ----------------------------------------------------------------------------------

## Run all tests: units on the JVM, then the acceptance tests on the executable
##
## ./do test --jvm runs those acceptance tests that don't depend on the image, on a JVM, without a
## native build. With options of Maven, no unit tests are run. Needs root: the acceptance tests start
## PID namespaces.
verb_test() {
  ((EUID == 0)) || die "test: PID namespaces need root"
  need "${test_tools[@]}"
  if [[ ${1:-} == --jvm ]]; then
    build_jvm
    maven verify -pl acceptance -am -DskipUnitTests=true -DexcludedGroups='image | guest' \
      -Drunnerinit.jvm="$jvm" -Drunnerinit.soak.runs=50 -Dsurefire.reportNameSuffix=jvm "${@:2}"
    return
  fi
  (($#)) || verb_unit_test
  build "$(machine_architecture)"
  maven verify -DskipUnitTests=true "$@"
}

## Look for secrets in the history
##
## What needs the internet, the data bases of known vulnerabilities, it leaves out, and says so.
verb_scan() {
  # renovate: github.com/zricethezav/gitleaks/v8
  local gitleaks_version=v8.30.1 gitleaks
  gitleaks=$(go_tool gitleaks "$gitleaks_version" github.com/zricethezav/gitleaks/v8)
  "$gitleaks" git --no-banner --redact --log-level warn "$root" || die "scan: the history holds what looks like a secret"
  say "scan: no secret in the history"
  say "scan: NOT done here: known vulnerabilities of the dependencies. Their data bases are on the internet;" \
    "give a scanner there target/images/*.cdx.json of ./do images, such as grype sbom:FILE or trivy sbom FILE"
}

## Run the unit tests alone, in minutes
verb_unit_test() {
  need cc=gcc promtool=prometheus "$arm64_headers"
  # A part of the tests covers a part of the code.
  (($# == 0)) || set -- -Djacoco.haltOnFailure=false "$@"
  maven test -pl orchestrator,testing -am "$@"
}

## Change the decision core in every small way, and see that a test fails each time
##
## A change that no test notices survives, and fails this verb. Which they are, beside the sources:
## orchestrator/target/pit-reports/index.html.
verb_mutate() {
  maven test-compile org.pitest:pitest-maven:mutationCoverage -pl orchestrator
}

# The first section of the change log is that of the version in pom.xml.
check_changelog() {
  local first expected
  expected="\[$(version)] - 20[0-9]{2}-[0-9]{2}-[0-9]{2}"
  [[ $(version) != *-SNAPSHOT ]] || expected="\[Unreleased]"
  first=$(grep -m 1 '^## ' "$root/CHANGELOG.md")
  [[ $first =~ ^##\ $expected$ ]] ||
    die "CHANGELOG.md begins with \"$first\", but the version in pom.xml is $(version)"
}

## Check the format, the shell scripts, what the compiler finds, CI's configuration and the version
verb_lint() {
  need shellcheck=shellcheck
  (cd "$root" && shellcheck -x ./do .ci/run scripts/{*.bash,cluster} examples/*.sh orchestrator/src/main/roots/update)
  check_changelog
  need pipx=pipx
  # By the schemas of CircleCI and of Renovate, which the checker brings along.
  local check=(pipx run --spec check-jsonschema==0.39.0 check-jsonschema --quiet --builtin-schema)
  "${check[@]}" vendor.circle-ci "$root"/.circleci/*.yml
  "${check[@]}" vendor.renovate "$root/renovate.json"
  check_spelling
  check_sizes
  maven spotless:check test-compile
}

## Format the sources
verb_format() {
  maven spotless:apply
}

## Install what the other verbs need from Debian
verb_install_devtools() {
  find_jdk
  need mvn=maven musl-gcc=musl-tools ar=binutils shellcheck=shellcheck curl=curl "${test_tools[@]}"
}

# --- help ------------------------------------------------------------------------------------

# The help of a verb: the comment above its function.
describe() {
  awk -v name="verb_${1//-/_}() " '
    /^##/ { sub(/^## ?/, ""); text = text $0 "\n"; next }
    index($0, name) == 1 { printf "%s", text; exit }
    { text = "" }' "$root/do" "$root"/scripts/*.bash
}

check_verb() { declare -F "verb_${1//-/_}" >/dev/null || die "unknown verb $1: ./do help lists them"; }

## List the verbs, or tell more of one: ./do help VERB
verb_help() {
  if (($#)); then
    check_verb "$1"
    describe "$1"
    return
  fi
  printf 'Usage: ./do VERB [ARGUMENT…]\n\n'
  local verb
  for verb in $(compgen -A function verb_ | cut -c6- | tr _ -); do
    printf '  %-22s %s\n' "$verb" "$(describe "$verb" | head -n 1)"
  done
}

for script in "$root"/scripts/*.bash; do
  # shellcheck source=/dev/null
  source "$script"
done

main() {
  local verb=${1:-help}
  [[ $verb != -h && $verb != --help ]] || verb=help
  check_verb "$verb"
  if [[ $verb == help ]]; then
    verb_help "${@:2}"
    return
  fi
  say "$verb: $(describe "$verb" | head -n 1)$(last_took "$verb")"
  "verb_${verb//-/_}" "${@:2}"
  took "$verb" "$SECONDS"
}

main "$@"
