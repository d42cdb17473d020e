# The architectures that there are executables for, which have to be of the same sources.
image_architectures() {
  local architecture found=() records=()
  for architecture in $(architectures); do
    [[ -x $root/target/bin/linux/$architecture/orchestrator ]] || continue
    found+=("$architecture")
    records+=("$root/target/bin/linux/$architecture/inputs.json")
  done
  ((${#found[@]})) || die "no executable in target/bin: ./do build makes it"
  (($(jq '.inputs[] | select(.name == "orchestrator.jar").sha256' "${records[@]}" 2>/dev/null | sort -u | wc -l) <= 1)) ||
    die "the executables of ${found[*]} are of different sources: ./do build makes both; ARCHITECTURES names one"
  printf '%s\n' "${found[@]}"
}

# The tool to build with: Debian's podman, unless IMAGE_BUILDER names buildah.
image_builder() {
  local tool=${IMAGE_BUILDER:-podman}
  [[ $tool == podman || $tool == buildah ]] || die "images: IMAGE_BUILDER is podman or buildah, not $tool"
  need "$tool=$tool"
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
  "$1" pull --quiet "$2" >/dev/null 2>&1 ||
    if [[ $1 == podman ]]; then podman image exists "$2"; else buildah inspect --type image "$2" >/dev/null 2>&1; fi
}

# Builds NAME-ARCHITECTURE for each architecture, and NAME, the manifest list of them; and writes
# that to target/images as an OCI layout: build_image DOCKERFILE NAME SUFFIX SKIP_PUSH TASK_AGENT [OPTION…]
build_image() {
  local dockerfile=$1 tag=$2$3 name suffix=$3 skip_push=$4 task_agent=$5 tool architecture layout architectures
  name=${IMAGE_REPOSITORY:-localhost/runner-init}:$2
  shift 5
  tool=$(image_builder)
  layout=$root/target/images/$tag
  mapfile -t architectures < <(image_architectures)
  local options=(
    "$@"
    --build-arg SOURCE="${IMAGE_SOURCE:-$(image_source)}"
    --build-arg REVISION="$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)"
    --build-arg VERSION="$(version)"
    --file "$root/docker/$dockerfile"
  )
  if [[ $skip_push == false && -z ${IMAGE_REPOSITORY:-} ]]; then
    die "images: to push, IMAGE_REPOSITORY says where to: registry.example.com/your-org/runner-init"
  fi
  rm -rf "$layout" "$layout".*.json
  mkdir -p "$root/target/images" "$root/target/bin/link"
  # In a folder of its own, since COPY follows a link that it is given, and keeps one that it finds.
  ln -sfn circleci-agent "$root/target/bin/link/circleci"
  build_layout "$name" "$suffix" "$layout" >"$root/target/images/$tag.log" 2>&1 &
  wait $! || die "images: $tag could not be built by $tool: see target/images/$tag.log"
  describe_image "$layout" "$task_agent"
  say "$name$suffix: $(layout_digest "$layout"), ${architectures[*]}, by $tool, in target/images/$tag"
  [[ $skip_push == false ]] || return 0
  publish "$layout" "$name$suffix" >>"$root/target/images/$tag.log" 2>&1 &
  wait $! || die "images: $name$suffix could not be published: see target/images/$tag.log"
  say "$name$suffix: pushed, $(if [[ -n ${COSIGN_KEY:-} ]]; then echo "signed, with SBOM and provenance"; else echo "not signed, since COSIGN_KEY names no key"; fi)"
}

# No label of the tool's own, no history, no time but that of the revision.
build_layout() {
  local name=$1 suffix=$2 layout=$3 verb=build
  [[ $tool == buildah ]] && verb=bud
  for architecture in "${architectures[@]}"; do
    "$tool" "$verb" --tag "$name-$architecture$suffix" --platform "linux/$architecture" \
      --build-arg BUILDPLATFORM="linux/$(machine_architecture)" \
      --no-cache --layers=true --force-rm --pull=false --identity-label=false --omit-history \
      --timestamp "$(image_time)" "${options[@]}" "$root/target/bin"
  done
  # Under a name of its own, and not for long: podman 4.3 can't list its images while there is one.
  local list=$name-list$suffix
  "$tool" manifest rm "$list" 2>/dev/null || true
  "$tool" manifest create "$list"
  for architecture in "${architectures[@]}"; do
    "$tool" manifest add "$list" "containers-storage:$name-$architecture$suffix"
  done
  "$tool" manifest push --all "$list" "oci:$layout"
  "$tool" manifest rm "$list"
  # Here, the name is that of the image which this machine can run.
  "$tool" tag "$name-$(machine_architecture)$suffix" "$name$suffix"
}

# The digest of what the layout holds: an index of one manifest a platform.
layout_digest() { grep -o '"digest":"sha256:[0-9a-f]*"' "$1/index.json" | head -n 1 | cut -d'"' -f4; }

build_test_image() {
  build_image test.Dockerfile test-agent "" "${SKIP_PUSH_TEST_AGENT:-${SKIP_PUSH:-true}}" fake
}

build_agent_image() {
  local image=${TASK_AGENT_IMAGE:-docker.io/circleci/picard} tag=${PICARD_VERSION:-agent} tool
  tool=$(image_builder)
  fetch_task_agent "$tool" "$image:$tag" ||
    die "images: agent${IMAGE_TAG_SUFFIX:-}: not built, since $image:$tag is neither here nor to be had from its registry"
  build_image Dockerfile agent "${IMAGE_TAG_SUFFIX:-}" "${SKIP_PUSH:-true}" "$image:$tag" \
    --build-arg TASK_AGENT_IMAGE="$image" --build-arg PICARD_VERSION="$tag"
}

images() {
  case ${1:-all} in
    test-agent) build_test_image ;;
    agent) build_agent_image ;;
    all)
      build_test_image
      build_agent_image
      ;;
    *) die "images: agent or test-agent, not $1" ;;
  esac
}

## Build the init images: ./do images [agent|test-agent]
##
## For each architecture that has an executable in target/bin/linux. agent has the task agent of
## the image circleci/picard, test-agent the fake one. Each is left in the tool's storage, and in
## target/images as an OCI layout, whose digest depends on the executables and the revision alone.
##
##   IMAGE_REPOSITORY      its name; localhost/runner-init when it is not to be pushed
##   IMAGE_TAG_SUFFIX      for the tag, which is agent$IMAGE_TAG_SUFFIX
##   PICARD_VERSION        the tag of the task agent's image; agent by default
##   TASK_AGENT_IMAGE      that image, if it is not docker.io/circleci/picard
##   SKIP_PUSH             false pushes what was built; SKIP_PUSH_TEST_AGENT for test-agent alone
##   COSIGN_KEY            what to sign it with when it is pushed: a key's path, or env://VARIABLE;
##                         COSIGN_PASSWORD opens it
##   IMAGE_BUILDER         podman or buildah
##   SKIP_BUILD            true takes the executables in target/bin as they are
##   SOURCE_DATE_EPOCH     the time of what is in the image; that of the last commit by default
verb_images() {
  build_unless_told_not_to
  images "$@"
}

## Build one image for each supported version of CircleCI server
##
## docker/server-versions has the versions, each with the tag of its task agent.
## The rest is as for images.
verb_images_for_server() {
  build_unless_told_not_to
  local server tag built=0
  while read -r server tag; do
    if [[ $tag == unpinned ]]; then
      say "server $server: no image, since docker/server-versions has no task agent for it"
      continue
    fi
    PICARD_VERSION=$tag IMAGE_TAG_SUFFIX=-server-$server images agent
    built=$((built + 1))
  done < <(grep -E '^[0-9]' "$root/docker/server-versions")
  ((built)) || die "images-for-server: no version is pinned in docker/server-versions, which says how to pin them"
}
