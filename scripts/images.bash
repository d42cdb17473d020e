# Where the sources come from, without a user or a password that the address may hold.
image_source() {
  git -C "$root" config --get remote.origin.url | sed -E 's#^([a-z+]+://)[^/@]*@#\1#' |
    grep -E '^([a-z+]+://|git@)' || echo unknown
}

# Builds an image for each architecture that has an executable, and writes the index of them to
# target/images as an OCI layout: build_image DOCKERFILE TAG TASK_AGENT [OPTION…]
build_image() {
  local tag=$2 layout=$root/target/images/$2 source revision time architecture platforms=() records=()
  for architecture in $architectures; do
    [[ -x $root/target/bin/linux/$architecture/orchestrator ]] || continue
    platforms+=("linux/$architecture")
    records+=("$root/target/bin/linux/$architecture/inputs.json")
  done
  ((${#records[@]})) || die "no executable in target/bin: ./do build makes it"
  (($(jq -r .inputs "${records[@]}" | grep /orchestrator.jar | cut -d' ' -f1 | sort -u | wc -l) == 1)) ||
    die "the executables are of different sources: ./do build makes both; ARCHITECTURES names one"
  source=$(image_source)
  revision=$(git -C "$root" rev-parse HEAD)
  time=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
  rm -rf "$layout" "$layout".*.json
  mkdir -p "$root/target/images" "$root/target/bin/link"
  # In a folder of its own, since COPY follows a link that it is given, and keeps one that it finds.
  ln -sfn circleci-agent "$root/target/bin/link/circleci"
  with_progress "building the image $tag" "$layout.log" build_layout --file "$root/docker/$1" "${@:4}"
  describe_image "$3"
  say "localhost/runner-init:$tag: $(layout_digest "$layout"), ${platforms[*]}, in target/images/$tag"
}

# No label of the tool's own, no history, no time but that of the revision.
build_layout() {
  local list=localhost/runner-init:list platform
  podman manifest rm "$list" 2>/dev/null || true
  # One after the other, for their order in the list.
  for platform in "${platforms[@]}"; do
    podman build --manifest "$list" --platform "$platform" \
      --build-arg BUILDPLATFORM="linux/$(machine_architecture)" --build-arg SOURCE="$source" \
      --build-arg REVISION="$revision" --build-arg VERSION="$(version)" \
      --no-cache --layers=true --force-rm --pull=false --identity-label=false --omit-history \
      --timestamp "$time" "$@" "$root/target/bin"
  done
  podman manifest push --all "$list" "oci:$layout"
  # Podman 4.3 can't list its images while there is one.
  podman manifest rm "$list"
  # Here, the name is that of the image which this machine can run.
  skopeo copy --quiet "oci:$layout" "containers-storage:localhost/runner-init:$tag"
}

# The digest of what the layout holds: an index of one manifest a platform.
layout_digest() { jq -r '.manifests[0].digest' "$1/index.json"; }

# SBOM and provenance of the layout, which depend on the image alone: describe_image TASK_AGENT
describe_image() {
  local digest parts facts
  digest=$(layout_digest "$layout")
  parts=$(jq -r '.manifests[] | .platform.architecture + " " + .digest' "$layout/blobs/sha256/${digest#*:}" |
    describe_parts)
  facts=(
    --sort-keys --arg digest "${digest#*:}" --arg revision "$revision" --arg version "$(version)" --arg agent "$1"
    --arg source "$source" --arg time "$(date -u -d "@$time" +%FT%TZ)" --argjson parts "$(jq -s . <<<"$parts")"
  )
  jq "${facts[@]}" -f "$root/scripts/sbom.jq" "${records[0]%/*}/maven.cdx.json" >"$layout.cdx.json"
  jq -n "${facts[@]}" -f "$root/scripts/provenance.jq" >"$layout.provenance.json"
}

# What each executable was made of, with the hash of the task agent beside it in the image's only layer.
describe_parts() {
  local architecture manifest layer record
  while read -r architecture manifest; do
    record=$root/target/bin/linux/$architecture/inputs.json
    layer=$layout/blobs/sha256/$(jq -r '.layers[0].digest[7:]' "$layout/blobs/sha256/${manifest#*:}")
    [[ $(tar -xzOf "$layer" orchestrator | sha256sum) == "$(jq -r .executable "$record") "* ]] ||
      die "images: $record is of another executable than the image's: ./do build makes both"
    jq -c --arg architecture "$architecture" --arg agent "$(tar -xzOf "$layer" circleci-agent | sha256sum | cut -d' ' -f1)" \
      '. + {$architecture, $agent}' "$record"
  done
}

build_agent_image() {
  local image=${TASK_AGENT_IMAGE:-docker.io/circleci/picard} tag=${PICARD_VERSION:-agent}
  # A newer one is taken if there is one.
  podman pull --quiet "$image:$tag" >/dev/null 2>&1 || podman image exists "$image:$tag" ||
    die "images: agent${IMAGE_TAG_SUFFIX:-}: not built, since $image:$tag is neither here nor to be had from its registry"
  build_image Dockerfile "agent${IMAGE_TAG_SUFFIX:-}" "$image:$tag" \
    --build-arg TASK_AGENT_IMAGE="$image" --build-arg PICARD_VERSION="$tag"
}

## Build the init images: ./do images [agent|test-agent|server]
##
## For each architecture that has an executable in target/bin/linux. agent has the task agent of
## the image circleci/picard, test-agent the fake one; server is an agent-server-… for each version of
## CircleCI server that docker/server-versions pins; by default, agent and test-agent. Each is left in
## podman's storage, as localhost/runner-init:TAG, and in target/images as an OCI layout, whose digest
## depends on the executables and the revision alone.
##
##   IMAGE_TAG_SUFFIX      for the tag, which is agent$IMAGE_TAG_SUFFIX
##   PICARD_VERSION        the tag of the task agent's image; agent by default
##   TASK_AGENT_IMAGE      that image, if it is not docker.io/circleci/picard
##   SOURCE_DATE_EPOCH     the time of what is in the image; that of the last commit by default
verb_images() {
  local image server tag
  (($#)) || set -- test-agent agent
  for image; do
    [[ $image =~ ^(agent|test-agent|server)$ ]] || die "images: agent, test-agent or server, not $image"
  done
  need podman=podman skopeo=skopeo jq=jq
  verb_build
  for image; do
    case $image in
      agent) build_agent_image ;;
      test-agent) build_image test.Dockerfile test-agent fake ;;
      server)
        while read -r server tag; do
          if [[ $tag == unpinned ]]; then
            say "server $server: no image, since docker/server-versions has no task agent for it"
          else
            PICARD_VERSION=$tag IMAGE_TAG_SUFFIX=-server-$server build_agent_image
          fi
        done < <(grep -E '^[0-9]' "$root/docker/server-versions")
        ;;
    esac
  done
}
