#!/usr/bin/env bash
#
# Every task of a developer or of CI. ./do help lists them.
#
# A verb is a function named verb_NAME, here or in scripts/; the "##" lines above it are its help.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${RUNNER_INIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/runner-init}
export RUNNER_INIT_CACHE=$cache
executables=$cache/executables

# As images name it.
machine_architecture() {
  case $(uname -m) in
    aarch64) echo arm64 ;;
    *) echo amd64 ;;
  esac
}

# What this machine itself runs.
bin=$root/target/bin/linux/$(machine_architecture)

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

is_jdk_25() { [[ -x $1/bin/javac ]] && grep -q '^JAVA_VERSION="25[."]' "$1/release" 2>/dev/null; }

# Sets JAVA_HOME to a JDK 25, whatever the java on the PATH is.
find_jdk() {
  local candidate on_path
  on_path=$(command -v javac || true)
  [[ -n $on_path ]] && on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
  for candidate in "${JAVA_HOME:-}" "$on_path" "${GRAALVM_HOME:-}" /usr/lib/jvm/*; do
    if [[ -n $candidate ]] && is_jdk_25 "$candidate"; then
      export JAVA_HOME=$candidate
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
  if ((EUID == 0)) && command -v apt-get >/dev/null; then
    say "installing ${missing[*]}"
    # The run level keeps a package's daemon from being started.
    RUNLEVEL=1 apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
      { apt-get update -qq && RUNLEVEL=1 apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null; } ||
      die "apt-get could not install ${missing[*]}"
  else
    die "missing ${missing[*]}: install them (apt-get install ${missing[*]})"
  fi
}

# Debian's Maven writes escape codes to whatever there is.
plain() { if [[ -t 1 ]]; then cat; else sed -u 's/\x1b\[[0-9;]*m//g'; fi; }

maven() {
  find_jdk
  need mvn=maven
  (cd "$root" && mvn --batch-mode --quiet "$@" 2> >(plain >&2)) | plain
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

# Runs a command that may take long, its output in a file, and shows the seconds that pass.
with_progress() {
  local what=$1 output=$2 begin=$SECONDS
  shift 2
  mkdir -p "${output%/*}"
  say "$what$(last_took "${what// /-}"); details in ${output#"$root"/}"
  "$@" >"$output" 2>&1 &
  local job=$!
  while kill -0 "$job" 2>/dev/null; do
    [[ -t 2 ]] && printf '\r%s… %d s' "$what" $((SECONDS - begin)) >&2
    sleep 1
  done
  [[ -t 2 ]] && printf '\r\033[K' >&2
  wait "$job" || {
    grep -m 3 -E '^\[ERROR\]|[Ee]rror:' "$output" >&2 || true
    die "$what failed: see ${output#"$root"/}"
  }
  took "${what// /-}" $((SECONDS - begin))
  say "$what: $((SECONDS - begin)) s"
}

# --- build -----------------------------------------------------------------------------------

version() { sed -n 's:^  <version>\(.*\)</version>$:\1:p' "$root/pom.xml"; }

# When the sources last changed, so that the same sources give the same executable.
source_date() {
  git -C "$root" log -1 --format=%cI -- orchestrator/src/main orchestrator/pom.xml 2>/dev/null | grep . || echo unknown
}

# A hash of these words and of the files below these paths: fingerprint WORD… -- PATH…
fingerprint() {
  local words=()
  while [[ $1 != -- ]]; do words+=("$1") && shift; done
  {
    printf '%s\n' "${words[@]}"
    (cd "$root" && find "${@:2}" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
  } | sha256sum | cut -c1-16
}

# Compiles the classes of the orchestrator and of the tests' servers, if they are of other sources.
compile() {
  local key kept=$root/target/classes.key
  key=$(fingerprint classes -- pom.xml .mvn {orchestrator,testing}/{pom.xml,src/main})
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

# What the pom builds, kept by a hash of all that goes into it: build_executable ARCHITECTURE
build_executable() {
  local into=$root/target/bin/linux/$1 inputs=(pom.xml orchestrator/{pom.xml,src/main}) home profiles=native key kept
  home=$(installed_graalvm "$1")
  [[ -n $home ]] || inputs+=(toolchain/builder.lock toolchain/src/main)
  key=$(fingerprint "$1" "$home" "$(source_date)" "$JAVA_HOME" "$(cat "${home:-$JAVA_HOME}/release")" -- "${inputs[@]}")
  kept=$executables/$key
  if [[ ! -x $kept/orchestrator ]]; then
    home=$(graalvm_home "$1") || die "no native-image to build with for $1"
    need musl-gcc=musl-tools ar=binutils jq=jq
    [[ $1 == "$(machine_architecture)" ]] || profiles=native,cross-$1
    # Classes of sources that are gone would get into it.
    rm -rf "$root"/{target/bin/linux/"$1",orchestrator/target/classes}
    GRAALVM_HOME=$home with_progress "building the executable for $1" "$root/target/native-image-$1.log" \
      mvn --batch-mode package -pl orchestrator -P"$profiles" -Dmaven.test.skip=true -DskipUnitTests=true
    record_build "$1" "$home"
    mkdir -p "$executables"
    rm -rf "$kept"
    cp -r "$into" "$kept.new" && mv "$kept.new" "$kept"
  fi
  # In small pieces, as install(1) writes them: docs/decisions/0016.
  cmp -s "$kept/orchestrator" "$into/orchestrator" || install -D -m 755 "$kept/orchestrator" "$into/orchestrator"
  cp "$kept"/*.json "$into/"
}

# The fake task agent of the tests, with a compiler for its architecture: compile_agent ARCHITECTURE
compile_agent() {
  local agent=$root/target/bin/linux/$1/fake-task-agent source=$root/testing/src/main/c
  [[ ! -x $agent || -n $(find "$source" -newer "$agent") ]] || return 0
  "$(musl_gcc "$1")" -static -Os -s -Wall -Wextra -Werror -o "$agent" "$source/fake-task-agent.c"
}

# arm64 is built on an amd64 machine too, if that is of Debian: see toolchain/README.md.
architectures() {
  local default
  default=$(machine_architecture)
  [[ $default == amd64 && -x /usr/bin/dpkg-query ]] && default="amd64 arm64"
  tr ' ' '\n' <<<"${ARCHITECTURES:-$default}"
}

# build ARCHITECTURE…: one after the other, since each takes 5 GB of memory.
build() {
  find_jdk
  local architecture into
  for architecture in "$@"; do
    [[ $architecture == amd64 || $architecture == arm64 ]] || die "ARCHITECTURES: amd64 or arm64, not $architecture"
    build_executable "$architecture"
    compile_agent "$architecture"
    into=target/bin/linux/$architecture
    say "$into: orchestrator $(stat -c %s "$root/$into/orchestrator") bytes"
  done
}

## Build the static executables into target/bin/linux, for amd64 and arm64
##
## mvn -Pnative package for each. The first run assembles a native-image toolchain when GRAALVM_HOME
## and JAVA_HOME have none. Toolchain and executables are kept, by a hash of their inputs, in
## $RUNNER_INIT_CACHE (~/.cache/runner-init).
##
##   ARCHITECTURES=amd64   builds for that alone, in half the time
verb_build() {
  local wanted
  mapfile -t wanted < <(architectures)
  build "${wanted[@]}"
}

build_unless_told_not_to() { [[ ${SKIP_BUILD:-false} == true ]] || verb_build; }

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

# Has the kernel run arm64 programs by QEMU, wherever their root is: what Debian's package sets up
# itself where binfmt-support is installed.
register_qemu() {
  local folder=/proc/sys/fs/binfmt_misc
  need qemu-aarch64-static=qemu-user-static
  [[ -e $folder/register ]] || mount -t binfmt_misc binfmt_misc "$folder" ||
    die "this kernel can't be told to run programs of arm64: it has no binfmt_misc"
  [[ -e $folder/qemu-aarch64 ]] || cat /usr/lib/binfmt.d/qemu-aarch64.conf >"$folder/register" ||
    die "QEMU could not be registered in $folder"
}

## Run the core of the acceptance tests on the arm64 executable, by QEMU's user emulation
##
## On an arm64 machine ./do test runs all of them, without QEMU.
verb_test_arm64() {
  ((EUID == 0)) || die "test-arm64: PID namespaces need root"
  need "${test_tools[@]}"
  register_qemu
  build arm64
  # Not four at a time as usual: under QEMU, tests want the CPU.
  maven verify -pl toolchain,acceptance -am -DskipUnitTests=true \
    -Dgroups='(core & !unemulated) | foreign' -DexcludedGroups= \
    -Drunnerinit.architecture=arm64 -Dsurefire.reportNameSuffix=arm64 \
    -Djunit.jupiter.execution.parallel.config.fixed.parallelism=2
}

## Look for secrets in the history
##
## What needs the internet, the data bases of known vulnerabilities, it leaves out, and says so.
verb_scan() {
  local gitleaks
  # renovate: github.com/zricethezav/gitleaks/v8
  local gitleaks_version=v8.30.1
  gitleaks=$(go_tool gitleaks "$gitleaks_version" github.com/zricethezav/gitleaks/v8) || exit 1
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
  maven test-compile -pl orchestrator
  local report=$root/orchestrator/target/pit-reports/mutations.xml result=0
  rm -f "$report"
  maven org.pitest:pitest-maven:mutationCoverage -pl orchestrator || result=1
  [[ -f $report ]] || die "mutate: no report"
  printf 'mutants: %d tried, %d killed\n' "$(grep -c '<mutation ' "$report")" \
    "$(grep -c -E "status='(KILLED|TIMED_OUT)'" "$report")"
  return "$result"
}

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
  maven spotless:check
  maven test-compile
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

sources=("$root/do" "$root"/scripts/*.bash)

verbs() { sed -n 's/^verb_\([a-z0-9_]*\)() .*/\1/p' "${sources[@]}" | tr _ - | sort; }

# The help of a verb: the comment above its function.
describe() {
  awk -v name="verb_${1//-/_}() " '
    /^##/ { sub(/^## ?/, ""); text = text $0 "\n"; next }
    index($0, name) == 1 { printf "%s", text; exit }
    { text = "" }' "${sources[@]}"
}

## List the verbs, or tell more of one: ./do help VERB
verb_help() {
  if (($#)); then
    verbs | grep -qx -- "$1" || die "unknown verb $1: ./do help lists them"
    describe "$1"
    return
  fi
  printf 'Usage: ./do VERB [ARGUMENT…]\n\n'
  local verb
  for verb in $(verbs); do
    printf '  %-22s %s\n' "$verb" "$(describe "$verb" | head -n 1)"
  done
}

for script in "${sources[@]:1}"; do
  # shellcheck source=/dev/null
  source "$script"
done

main() {
  local verb=${1:-help}
  shift || true
  [[ $verb == -h || $verb == --help ]] && verb=help
  verbs | grep -qx -- "$verb" || die "unknown verb $verb: ./do help lists them"
  [[ $verb == help ]] || say "$verb: $(describe "$verb" | head -n 1)$(last_took "$verb")"
  "verb_${verb//-/_}" "$@"
  [[ $verb == help ]] || took "$verb" "$SECONDS"
}

main "$@"
