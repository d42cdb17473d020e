# shellcheck shell=bash
# shellcheck disable=SC2154 # root and cache are of ./do
#
# ./do images and ./do images-for-server. Sourced by ./do.

# The platforms that there are executables for: "linux/amd64,linux/arm64".
image_platforms() {
  local executable platforms=()
  for executable in "$root"/target/bin/linux/*/orchestrator; do
    [[ -x $executable ]] && platforms+=("linux/$(basename "$(dirname "$executable")")")
  done
  ((${#platforms[@]})) || die "no executable in target/bin: ./do build makes it"
  (IFS=, && printf '%s\n' "${platforms[*]}")
}

# The tool to build with: IMAGE_BUILDER, else the first one that is there, else Debian's podman.
image_builder() {
  local tool=${IMAGE_BUILDER:-}
  if [[ -z $tool ]]; then
    if command -v podman >/dev/null; then tool=podman
    elif command -v buildah >/dev/null; then tool=buildah
    elif docker buildx version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then tool=docker
    else
      tool=podman
      need podman=podman runc=runc catatonit=catatonit
    fi
  fi
  case $tool in
    podman | buildah | docker) command -v "$tool" >/dev/null || die "images: $tool is not installed" ;;
    *) die "images: IMAGE_BUILDER is podman, buildah or docker, not $tool" ;;
  esac
  printf '%s\n' "$tool"
}

# Where the sources come from, without a user or a password that the address may hold.
image_source() {
  git -C "$root" config --get remote.origin.url 2>/dev/null | sed -E 's#^([a-z+]+://)[^/@]*@#\1#' |
    grep -E '^([a-z+]+://|git@)' || echo unknown
}

# When the revision was committed, in seconds: the time of everything in the image.
image_time() {
  printf '%s\n' "${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}"
}

# The task agent's image must be had before it can be built upon; a newer one is taken if there is one.
fetch_task_agent() {
  local tool=$1 image=$2
  case $tool in
    podman) podman pull --quiet "$image" >/dev/null 2>&1 || podman image exists "$image" ;;
    buildah) buildah pull --quiet "$image" >/dev/null 2>&1 || buildah inspect --type image "$image" >/dev/null 2>&1 ;;
    docker) docker pull --quiet "$image" >/dev/null 2>&1 || docker image inspect "$image" >/dev/null 2>&1 ;;
  esac
}

# Builds one image for all platforms, and writes it to target/images/TAG as an OCI layout:
# build_image DOCKERFILE TAG SKIP_PUSH [OPTION…]
build_image() {
  local dockerfile=$1 tag=$2 skip_push=$3 tool name layout platforms
  shift 3
  tool=$(image_builder)
  name=${IMAGE_REPOSITORY:-localhost/runner-init}:$tag
  layout=$root/target/images/$tag
  platforms=$(image_platforms)
  local options=(
    "$@"
    --platform "$platforms"
    --build-arg SOURCE="${IMAGE_SOURCE:-$(image_source)}"
    --build-arg REVISION="$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)"
    --build-arg VERSION="$(version)"
    --file "$root/docker/$dockerfile"
  )
  rm -rf "$layout"
  mkdir -p "$root/target/images"
  if [[ $tool == docker ]]; then
    build_with_docker "$name" "$layout" "${options[@]}"
  else
    build_with_"$tool" "$name" "$layout" "${options[@]}"
  fi >"$root/target/images/$tag.log" 2>&1 || die "images: $tag could not be built by $tool: see target/images/$tag.log"
  say "$name: $(layout_digest "$layout"), $platforms, by $tool, in target/images/$tag"
  if [[ $skip_push == false ]]; then
    [[ -n ${IMAGE_REPOSITORY:-} ]] || die "images: to push, IMAGE_REPOSITORY says where to: registry.example.com/your-org/runner-init"
    push_image "$tool" "$name"
    say "$name: pushed"
  fi
}

# No label of the tool's own, no history, no time but that of the revision.
build_with_podman() { build_with_buildah_library podman build "$@"; }
build_with_buildah() { build_with_buildah_library buildah bud "$@"; }

build_with_buildah_library() {
  local tool=$1 verb=$2 name=$3 layout=$4
  shift 4
  "$tool" manifest rm "$name" 2>/dev/null || "$tool" rmi --force "$name" 2>/dev/null || true
  "$tool" "$verb" --manifest "$name" --layers=false --no-cache --pull=false \
    --identity-label=false --omit-history --timestamp "$(image_time)" "$@" "$root/target/bin"
  "$tool" manifest push --all "$name" "oci:$layout"
}

build_with_docker() {
  local name=$1 layout=$2
  shift 2
  SOURCE_DATE_EPOCH=$(image_time) docker buildx build --no-cache --provenance=false --sbom=false \
    --output "type=oci,tar=false,dest=$layout,name=$name,rewrite-timestamp=true" "$@" "$root/target/bin"
  # The second one, from the cache of the first, is for docker itself, which holds one platform.
  SOURCE_DATE_EPOCH=$(image_time) docker buildx build --provenance=false --sbom=false \
    --load --tag "$name" "$@" --platform "linux/$(docker version --format '{{.Server.Arch}}')" "$root/target/bin"
}

push_image() {
  local tool=$1 name=$2
  case $tool in
    podman | buildah) "$tool" manifest push --all "$name" "docker://$name" ;;
    docker) docker push "$name" ;;
  esac
}

# The digest of what the layout holds: an index of one manifest a platform.
layout_digest() { grep -o '"digest":"sha256:[0-9a-f]*"' "$1/index.json" | head -n 1 | cut -d'"' -f4; }

build_test_image() {
  build_image test.Dockerfile test-agent "${SKIP_PUSH_TEST_AGENT:-${SKIP_PUSH:-true}}"
}

task_agent() { printf '%s:%s\n' "${TASK_AGENT_IMAGE:-docker.io/circleci/picard}" "${PICARD_VERSION:-agent}"; }

build_agent_image() {
  build_image Dockerfile "agent${IMAGE_TAG_SUFFIX:-}" "${SKIP_PUSH:-true}" \
    --build-arg TASK_AGENT_IMAGE="$(task_agent | sed 's/:[^:]*$//')" --build-arg PICARD_VERSION="${PICARD_VERSION:-agent}"
}

images() {
  local which=${1:-all} missing had=true tool
  case $which in
    test-agent)
      build_test_image
      return
      ;;
    agent) ;;
    all) build_test_image ;;
    *) die "images: agent or test-agent, not $which" ;;
  esac
  tool=$(image_builder)
  fetch_task_agent "$tool" "$(task_agent)" || had=false
  missing="agent${IMAGE_TAG_SUFFIX:-}: not built, since $(task_agent) is neither here nor to be had from its registry"
  if $had; then
    build_agent_image
  elif [[ $which == all && ${SKIP_PUSH:-true} != false ]]; then
    # Offline, the image for tests is what there is; who asks for the other, or publishes, must not miss it.
    say "$missing"
  else
    die "images: $missing"
  fi
}

server_versions() { grep -E '^[0-9]' "${SERVER_VERSIONS:-$root/docker/server-versions}"; }

images_for_server() {
  local server tag built=0
  while read -r server tag; do
    if [[ $tag == unpinned ]]; then
      say "server $server: no image, since docker/server-versions has no task agent for it"
      continue
    fi
    PICARD_VERSION=$tag IMAGE_TAG_SUFFIX=-server-$server images agent
    built=$((built + 1))
  done < <(server_versions)
  ((built)) || die "images-for-server: no version is pinned in docker/server-versions, which says how to pin them"
}

# Reads the tags from a clone of the server's repository, where the newest version is on main.
pin_server_versions() {
  local repository=${SERVER_REPO_PATH:?a clone of the repository of CircleCI server} file=$root/docker/server-versions
  local server newest branch tag
  newest=$(server_versions | tail -n 1 | cut -d' ' -f1)
  for server in $(server_versions | cut -d' ' -f1); do
    branch=server-$server
    [[ $server == "$newest" ]] && branch=main
    tag=$(git -C "$repository" show "$branch:images.yaml" |
      sed -n '/^\.\{0,1\}circleci:/,/^[^ ]/s/^ *picard: *["'\'']\{0,1\}\([^"'\'' ]*\).*/\1/p')
    [[ -n $tag ]] || die "images-for-server: no circleci.picard in images.yaml on $branch of $repository"
    sed -i "s/^$server .*/$server $tag/" "$file"
    say "server $server: task agent $tag"
  done
}
