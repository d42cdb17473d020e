#!/usr/bin/env bash
#
# Every task of a developer or of CI. ./do help lists them.
#
# A verb is a function named verb_NAME; the "##" lines above it are its help.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${RUNNER_INIT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/runner-init}
export RUNNER_INIT_CACHE=$cache
# ./do compare-builds keeps them apart.
executables=${RUNNER_INIT_EXECUTABLES:-$cache/executables}

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
  nginx=nginx-light tinyproxy=tinyproxy-bin
  strace=strace mkfs.xfs=xfsprogs tini=tini dumb-init=dumb-init catatonit=catatonit "$arm64_headers"
)

# For the Pods, and the images they are made of.
smoke_tools=(
  podman=podman runc=runc catatonit=catatonit buildah=buildah busybox=busybox-static
  debootstrap=debootstrap /usr/share/keyrings/debian-archive-keyring.gpg=debian-archive-keyring
  nsenter=util-linux curl=curl promtool=prometheus cc=gcc musl-gcc=musl-tools
  docker-registry=docker-registry skopeo=skopeo openssl=openssl jq=jq readelf=binutils
)

is_jdk_25() { [[ -x $1/bin/javac ]] && grep -q '^JAVA_VERSION="25[."]' "$1/release" 2>/dev/null; }

# For a cluster of one node, beside what is built from source.
cluster_tools=(
  etcd=etcd-server containerd=containerd /usr/lib/cni/ptp=containernetworking-plugins
  ip=iproute2 setpriv=util-linux pgrep=procps
)

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

maven() {
  need mvn=maven
  (cd "$root" && mvn --batch-mode --quiet "$@")
}

# Prints the GraalVM home to build with: graalvm_home ARCHITECTURE
graalvm_home() {
  if [[ $1 == "$(machine_architecture)" && -n ${GRAALVM_HOME:-} && -x ${GRAALVM_HOME:-}/bin/native-image ]]; then
    printf '%s\n' "$GRAALVM_HOME"
  else
    "$JAVA_HOME/bin/java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
      "$root/toolchain/src/main/java/com/circleci/runnerinit/toolchain/Toolchain.java" --arch "$1" home
  fi
}

# Runs a command that may take long, its output in a file, and shows the seconds that pass.
with_progress() {
  local what=$1 output=$2 begin=$SECONDS
  shift 2
  say "$what: minutes; details in ${output#"$root"/}"
  "$@" >"$output" 2>&1 &
  local job=$!
  while kill -0 "$job" 2>/dev/null; do
    [[ -t 2 ]] && printf '\r%s… %d s' "$what" $((SECONDS - begin)) >&2
    sleep 1
  done
  [[ -t 2 ]] && printf '\r\033[K' >&2
  wait "$job" || die "$what failed: see ${output#"$root"/}"
  say "$what: $((SECONDS - begin)) s"
}

# --- build -----------------------------------------------------------------------------------

version() { sed -n 's:^  <version>\(.*\)</version>$:\1:p' "$root/pom.xml"; }

# When the sources last changed, so that the same sources give the same executable.
source_date() {
  git -C "$root" log -1 --format=%cI -- orchestrator/src/main orchestrator/pom.xml 2>/dev/null | grep . || echo unknown
}

# Prints the name of one of binutils for the architecture of a home: cross_tool HOME NAME
cross_tool() {
  local gcc
  gcc=$(basename "$1"/lib/svm/musl/*-linux-musl-gcc)
  printf '%s\n' "${gcc%-musl-gcc}-gnu-$2"
}

# compile_c ARCHITECTURE HOME
compile_c() {
  local out=$root/target/native/linux/$1 into=$root/target/bin/linux/$1 gcc=musl-gcc ar=ar
  if [[ $1 == "$(machine_architecture)" ]]; then
    need musl-gcc=musl-tools ar=binutils
  else
    gcc=$(echo "$2"/lib/svm/musl/*-linux-musl-gcc)
    ar=$(cross_tool "$2" ar)
  fi
  mkdir -p "$out" "$into"
  "$gcc" -Os -fno-stack-protector -Wall -Wextra -Werror -DRUNNER_INIT_EXECUTABLE \
    -ffile-prefix-map="$root"=. -c -o "$out/runner_init.o" "$root/orchestrator/src/main/c/runner_init.c"
  rm -f "$out/librunnerinit.a"
  "$ar" rcsD "$out/librunnerinit.a" "$out/runner_init.o"
  "$gcc" -static -Os -s -Wall -Wextra -Werror -o "$into/fake-task-agent" "$root/testing/src/main/c/fake-task-agent.c"
}

# The oldest CPU that the executable runs on, and what else is for one architecture alone. Pages of
# 4 KiB make the file smaller, but kernels of arm64 may have 16 or 64 KiB: the builder assumes 64.
architecture_options() {
  case $1 in
    amd64) printf '%s\n' -march=x86-64-v2 -H:PageSize=4096 ;;
    arm64) printf '%s\n' -march=armv8-a ;;
  esac
}

# docs/decisions/0010 and 0016 say why each is there, and what it does to size and start.
image_options() {
  architecture_options "$1"
  printf '%s\n' \
    --static --libc=musl -Os --no-fallback \
    --limit-modules java.base \
    --features=com.circleci.runnerinit.nativeimage.ClientSecurityServices \
    -J--add-opens=java.base/java.security=ALL-UNNAMED \
    --initialize-at-build-time=com.circleci.runnerinit.cmd.BuildInfo,com.google.gson \
    -H:+UnlockExperimentalVMOptions \
    -H:-AllowVMInternalThreads \
    -H:-ParseRuntimeOptions -H:-SpawnIsolates -H:-VMContinuations -H:-ForeignAPISupport \
    -H:AlignedHeapChunkSize=131072 -H:LargeArrayThreshold=65536 \
    -H:CodeInfoIndexGranularity=4096 -H:+ReduceImplicitExceptionStackTraceInformation \
    -H:+TrackPrimitiveValues -H:+UsePredicates -H:TypeFlowSaturationCutoff=400 \
    -H:CLibraryPath="$root/target/native/linux/$1" \
    -H:NativeLinkerOption=-Wl,--wrap=mmap,--wrap=munmap,--wrap=calloc,--wrap=free \
    -Djdk.tls.maxHandshakeMessageSize=262144 -Djdk.tls.client.maxInboundCertificateChainLength=1000 \
    -R:MaxHeapSize=33554432 -R:MaxNewSize=2097152 -R:InitialTLABSize=32768 \
    -Drunnerinit.version="$(version)" \
    -Drunnerinit.date="$(source_date)"
}

# build_executable ARCHITECTURE HOME
build_executable() {
  local home=$2 into=$root/target/bin/linux/$1 hash class_path kept
  class_path=$root/orchestrator/target/orchestrator.jar:$(cat "$root/orchestrator/target/class-path")
  hash=$({
    image_options "$1" | sed "s:$root::"
    cat "$home/release" "$home/toolchain.properties" 2>/dev/null
    tr : '\n' <<<"$class_path" | xargs sha256sum | cut -d' ' -f1
    sha256sum "$root/target/native/linux/$1/librunnerinit.a" | cut -d' ' -f1
  } | sha256sum)
  kept=$executables/${hash:0:16}
  if [[ ! -x $kept/orchestrator ]]; then
    local options
    mapfile -t options < <(image_options "$1")
    # The same inputs, the same identity: a random one is the builder's default.
    options+=(-H:ImageBuildID="${hash:0:8}-${hash:8:4}-${hash:12:4}-${hash:16:4}-${hash:20:12}")
    mkdir -p "$kept" "$root/target"
    with_progress "building the executable for $1" "$root/target/native-image-$1.log" \
      "$home/bin/native-image" "${options[@]}" -cp "$class_path" -o "$kept/orchestrator.new" \
      com.circleci.runnerinit.cmd.Main
    # The builder strips by this machine's tools, which don't know the other's files.
    [[ $1 == "$(machine_architecture)" ]] || "$(cross_tool "$home" strip)" --strip-all "$kept/orchestrator.new"
    mv "$kept/orchestrator.new" "$kept/orchestrator"
  fi
  cmp -s "$kept/orchestrator" "$into/orchestrator" || install -m 755 "$kept/orchestrator" "$into/orchestrator"
}

# Packages the modules, and writes the class path of each beside its jar.
package_jars() {
  maven package -pl orchestrator,testing -am -Dmaven.test.skip=true -DskipUnitTests=true
  local paths=("$root"/{orchestrator,testing}/target/class-path)
  if [[ ! -f ${paths[0]} || ! -f ${paths[1]} || $root/pom.xml -nt ${paths[0]} ]]; then
    maven dependency:build-classpath -pl orchestrator,testing -DincludeScope=runtime \
      -Dmdep.outputFile=target/class-path
  fi
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
  package_jars
  # shellcheck source=scripts/build-record.bash
  source "$root/scripts/build-record.bash"
  local architecture home into
  for architecture in "$@"; do
    [[ -n $(architecture_options "$architecture") ]] || die "ARCHITECTURES: amd64 or arm64, not $architecture"
    home=$(graalvm_home "$architecture") || die "no native-image to build with for $architecture"
    compile_c "$architecture" "$home"
    build_executable "$architecture" "$home"
    record_build "$architecture" "$home"
    into=target/bin/linux/$architecture
    say "$into: orchestrator $(stat -c %s "$root/$into/orchestrator") bytes, fake-task-agent $(stat -c %s "$root/$into/fake-task-agent") bytes"
  done
}

## Build the static executables into target/bin/linux, for amd64 and arm64
##
## The first run assembles a native-image toolchain when GRAALVM_HOME has none. Toolchain and
## executables are kept, by a hash of their inputs, in $RUNNER_INIT_CACHE (~/.cache/runner-init).
##
##   ARCHITECTURES=amd64   builds for that alone, in half the time; executables of others are
##                         removed, so that no image gets an old one
verb_build() {
  local wanted built
  mapfile -t wanted < <(architectures)
  for built in "$root"/target/bin/linux/*; do
    [[ ! -d $built || " ${wanted[*]} " == *" ${built##*/} "* ]] || rm -r "$built"
  done
  build "${wanted[@]}"
}

## Build the executable once more, in another folder, and say how the builds differ
##
## ./do compare-builds [ARCHITECTURE]. Tells for each section of the file how many of its bytes
## differ (docs/decisions/0015). The toolchain is taken from the cache, the executable is not.
verb_compare_builds() {
  # shellcheck source=scripts/compare-builds.bash
  source "$root/scripts/compare-builds.bash"
  compare_builds "$@"
}

## Take a script through the whole flow of a task: ./do run-task [FLAG…] [SCRIPT]
##
## Builds what is missing; then init fills a volume, and the orchestrator runs as PID 1 of a new
## PID namespace with a task agent that runs SCRIPT (examples/task.sh), beside a fake runner API
## that prints its calls. Ends with a timeline, and with the orchestrator's exit status. Needs root.
##
##   --entrypoint 'CMD'   a custom entrypoint to run beside the task, by sh -c
##   --user USER          whom to run the task as: a name, a uid or uid:gid
##   --fail-api           the runner API answers 500 to everything
verb_run_task() {
  build "$(machine_architecture)"
  # shellcheck source=scripts/run-task.bash
  source "$root/scripts/run-task.bash"
  run_task "$@"
}

# --- images ----------------------------------------------------------------------------------

build_unless_told_not_to() { [[ ${SKIP_BUILD:-false} == true ]] || verb_build; }

## Build the init images: ./do images [agent|test-agent]
##
## By podman, buildah or docker buildx, whichever is there, for each architecture that has an
## executable in target/bin/linux. agent has the task agent of the image circleci/picard,
## test-agent the fake one. Each is left in the tool's storage, and in target/images as an OCI
## layout, whose digest depends on the executables and the revision alone.
##
##   IMAGE_REPOSITORY      its name; localhost/runner-init when it is not to be pushed
##   IMAGE_TAG_SUFFIX      for the tag, which is agent$IMAGE_TAG_SUFFIX
##   PICARD_VERSION        the tag of the task agent's image; agent by default
##   TASK_AGENT_IMAGE      that image, if it is not docker.io/circleci/picard
##   SKIP_PUSH             false pushes what was built; SKIP_PUSH_TEST_AGENT for test-agent alone
##   COSIGN_KEY            what to sign it with when it is pushed: a key's path, or env://VARIABLE;
##                         COSIGN_PASSWORD opens it
##   IMAGE_BUILDER         podman, buildah or docker
##   SKIP_BUILD            true takes the executables in target/bin as they are
##   SOURCE_DATE_EPOCH     the time of what is in the image; that of the last commit by default
verb_images() {
  build_unless_told_not_to
  # shellcheck source=scripts/images.bash
  source "$root/scripts/images.bash"
  images "$@"
}

## Build one image for each supported version of CircleCI server
##
## docker/server-versions has the versions, each with the tag of its task agent.
## SERVER_REPO_PATH=CLONE ./do images-for-server pin writes these tags. The rest is as for images.
verb_images_for_server() {
  # shellcheck source=scripts/images.bash
  source "$root/scripts/images.bash"
  case ${1:-build} in
    pin) pin_server_versions ;;
    build)
      build_unless_told_not_to
      images_for_server
      ;;
    *) die "images-for-server: pin, or nothing" ;;
  esac
}

# --- checks ----------------------------------------------------------------------------------

## Run all tests: units on the JVM, then the acceptance tests on the executable
##
## Needs root: the acceptance tests start PID namespaces.
verb_test() {
  find_jdk
  ((EUID == 0)) || die "test: PID namespaces need root"
  need "${test_tools[@]}"
  maven verify -pl orchestrator,testing -am
  build "$(machine_architecture)"
  maven verify -DskipUnitTests=true
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
  find_jdk
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

## Run the images in Pods, over every kind of base image, and check what an operator deploys
##
## By podman, offline, in a storage of its own. Needs root. A line that begins with "smoke:" tells
## of each base image and security context when the task began and how soon the container ended.
## SKIP_BUILD=true takes the executables in target/bin as they are.
##
## With KUBECONFIG set, the Pods run on that cluster instead, in namespaces that are deleted in the
## end:
##
##   IMAGE_REPOSITORY      where the images are pushed to, as tags smoke-…, and nodes pull from
##   KUBECTL               the kubectl to ask by; that on the PATH by default
##   SMOKE_DEADLINE        seconds that a Pod may take until its containers run (120)
verb_smoke_tests() {
  ((EUID == 0)) || die "smoke-tests: podman runs the Pods as root"
  need "${smoke_tools[@]}"
  find_jdk
  build_unless_told_not_to
  # shellcheck source=scripts/images.bash
  source "$root/scripts/images.bash"
  # shellcheck source=scripts/smoke-tests.bash
  source "$root/scripts/smoke-tests.bash"
  if [[ -n ${KUBECONFIG:-} ]]; then smoke_tests_on_cluster "$@"; else smoke_tests "$@"; fi
}

## Run the Pods on Kubernetes itself, and let its API server judge what is in deploy/
##
## Builds Kubernetes from its Go modules, once, in ten minutes or more; then runs a cluster of one
## node in namespaces of its own, and on it what ./do smoke-tests runs when KUBECONFIG is set.
## Needs root.
verb_kubernetes_tests() {
  ((EUID == 0)) || die "kubernetes-tests: a node needs root"
  need "${smoke_tools[@]}" "${cluster_tools[@]}"
  find_jdk
  build_unless_told_not_to
  # shellcheck source=scripts/images.bash
  source "$root/scripts/images.bash"
  # shellcheck source=scripts/smoke-tests.bash
  source "$root/scripts/smoke-tests.bash"
  # shellcheck source=scripts/kubernetes.bash
  source "$root/scripts/kubernetes.bash"
  kubernetes_tests "$@"
}

## Look for secrets in the history, and for what does not belong into the images
##
## What needs the internet, the data bases of known vulnerabilities, it leaves out, and says so.
verb_scan() {
  build_unless_told_not_to
  # shellcheck source=scripts/images.bash
  source "$root/scripts/images.bash"
  # shellcheck source=scripts/scan.bash
  source "$root/scripts/scan.bash"
  scan
}

## Run the unit tests alone, in seconds
verb_unit_test() {
  find_jdk
  need cc=gcc promtool=prometheus "$arm64_headers"
  maven test -pl orchestrator,testing -am
}

## Change the decision core in every small way, and see that a test fails each time
##
## A change that no test notices survives, and fails this verb. The same as a page, beside the
## sources: orchestrator/target/pit-reports/index.html.
verb_mutate() {
  find_jdk
  maven test-compile -pl orchestrator
  local report=$root/orchestrator/target/pit-reports/mutations.xml result=0
  rm -f "$report"
  maven org.pitest:pitest-maven:mutationCoverage -pl orchestrator || result=1
  [[ -f $report ]] || die "mutate: no report"
  # One mutant a line: file, line, method and what was changed of those that lived.
  sed -n "/status='KILLED'/d; /status='TIMED_OUT'/d; /<mutation /{
    s|.*<sourceFile>\\([^<]*\\)<.*<mutatedMethod>\\([^<]*\\)<.*<lineNumber>\\([^<]*\\)<.*<description>\\([^<]*\\)<.*|survived: \\1:\\3 \\2: \\4|
    p
  }" "$report"
  printf 'mutants: %d tried, %d killed\n' "$(grep -c '<mutation ' "$report")" \
    "$(grep -c -E "status='(KILLED|TIMED_OUT)'" "$report")"
  return "$result"
}

## Fuzz the parsers that meet outside bytes: ./do fuzz [TARGET…] [--seconds N] [--seed N]
##
## Two targets at a time, N seconds each (10). A TARGET is a part of a name below
## orchestrator/src/test/fuzz; none: all. What is found lies in target/fuzz.
verb_fuzz() {
  find_jdk
  # shellcheck source=scripts/fuzz.bash
  source "$root/scripts/fuzz.bash"
  fuzz "$@"
}

## Measure what the orchestrator costs beside other init processes: ./do bench [FIGURE…]
##
## Offline, on a machine that does nothing else; needs root. Contestants take turns. A line that
## begins with "bench:" tells for each goal whether it is reached (pass) or not (short). All results
## and plots lie in target/bench/work; a whole run, with no FIGURE, writes those of docs/benchmarks.
## init is all that tells of init: ext4, XFS, tmpfs, and Pods by podman.
##
##   --quick               five runs, without what takes long: about a minute
##   --runs N              of each contestant (30)
##   --executable PATH     another build of the orchestrator, as the contestant "other"
##   SKIP_BUILD=true       takes the executable in target/bin as it is
verb_bench() {
  ((EUID == 0)) || die "bench: PID namespaces and control groups need root"
  # fontconfig has the fonts of the plots.
  need tini-static=tini dumb-init=dumb-init catatonit=catatonit musl-gcc=musl-tools gcc=gcc fc-list=fontconfig \
    mkfs.ext4=e2fsprogs mkfs.xfs=xfsprogs podman=podman runc=runc
  find_jdk
  [[ ${SKIP_BUILD:-false} == true ]] || build "$(machine_architecture)"
  # shellcheck source=scripts/bench.bash
  source "$root/scripts/bench.bash"
  bench "$@"
}

## Check format, shell scripts, what the compiler finds, CI's configuration, version, NOTICE, spelling, sizes
verb_lint() {
  find_jdk
  need shellcheck=shellcheck
  (cd "$root" && shellcheck -x ./do .ci/run scripts/*.bash completion/*.bash examples/*.sh orchestrator/src/main/roots/update)
  # shellcheck source=scripts/release-checks.bash
  source "$root/scripts/release-checks.bash"
  check_changelog
  check_configuration
  check_spelling
  check_sizes
  verb_license_attributions check
  maven spotless:check
  maven test-compile
}

## Write NOTICE: whose work is linked into the executable; license-attributions check compares
verb_license_attributions() {
  find_jdk
  # shellcheck source=scripts/license-attributions.bash
  source "$root/scripts/license-attributions.bash"
  license_attributions "$@"
}

## Format the sources
verb_format() {
  find_jdk
  maven spotless:apply
}

## Say which dependencies have newer versions; ./do deps update takes them
verb_deps() {
  find_jdk
  need mvn=maven
  # The image's API goes with the builder's jars, which toolchain/builder.lock pins.
  local rules=(
    -DexcludeProperties=nativeimage.version
    "-Dmaven.version.ignore=.*[-.](alpha|beta|rc|RC|M)[-.]?[0-9]*.*,[0-9]{8}.*"
  )
  case ${1:-check} in
    check) (cd "$root" && mvn --batch-mode --non-recursive "${rules[@]}" versions:display-property-updates) ;;
    update) maven --non-recursive "${rules[@]}" versions:update-properties -DgenerateBackupPoms=false ;;
    *) die "deps: check or update" ;;
  esac
}

## Install what the other verbs need from Debian
verb_install_devtools() {
  find_jdk
  need mvn=maven musl-gcc=musl-tools ar=binutils shellcheck=shellcheck curl=curl "${test_tools[@]}"
}

## Delete what was built; the cache outside the checkout stays
verb_clean() {
  rm -rf "$root"/target "$root"/*/target
}

# --- help ------------------------------------------------------------------------------------

verbs() { sed -n 's/^verb_\([a-z0-9_]*\)() .*/\1/p' "$0" | tr _ - | sort; }

# The help of a verb: the comment above its function.
describe() {
  awk -v name="verb_${1//-/_}() " '
    /^##/ { sub(/^## ?/, ""); text = text $0 "\n"; next }
    index($0, name) == 1 { printf "%s", text; exit }
    { text = "" }' "$0"
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

## Print a completion script: ./do completion bash|zsh|fish
##
## bash: source <(./do completion bash)
## zsh:  source <(./do completion zsh)
## fish: ./do completion fish | source
verb_completion() {
  local list
  list=$(verbs | tr '\n' ' ')
  case ${1:-} in
    bash) printf 'complete -W "%s" ./do do\n' "${list% }" ;;
    zsh) printf 'compdef "_arguments \x271:verb:(%s)\x27" ./do do\n' "${list% }" ;;
    fish) printf 'complete -c do -f -n __fish_is_first_arg -a "%s"\n' "${list% }" ;;
    *) die "completion for which shell? bash, zsh or fish" ;;
  esac
}

main() {
  local verb=${1:-help}
  shift || true
  [[ $verb == -h || $verb == --help ]] && verb=help
  verbs | grep -qx -- "$verb" || die "unknown verb $verb: ./do help lists them"
  "verb_${verb//-/_}" "$@"
}

main "$@"
