# For the Pods, and the images they are made of.
smoke_tools=(
  podman=podman runc=runc catatonit=catatonit buildah=buildah busybox=busybox-static
  debootstrap=debootstrap /usr/share/keyrings/debian-archive-keyring.gpg=debian-archive-keyring
  nsenter=util-linux curl=curl promtool=prometheus cc=gcc musl-gcc=musl-tools
  docker-registry=docker-registry skopeo=skopeo openssl=openssl jq=jq readelf=binutils
)

# Podman's settings and a storage of its own, until the end, so that nothing of the machine is touched.
podman_of_our_own() {
  smoke_dir=$root/target/smoke
  trap clean_up EXIT
  mkdir -p "$smoke_dir"
  export CONTAINERS_CONF=$smoke_dir/containers.conf CONTAINERS_STORAGE_CONF=$smoke_dir/storage.conf
  # Without CAP_SYS_RESOURCE, the limits that podman sets by default can't be had.
  cat >"$CONTAINERS_CONF" <<-CONF
	[engine]
	runtime = "runc"
	cgroup_manager = "cgroupfs"
	events_logger = "file"
	[containers]
	default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
	CONF
  cat >"$CONTAINERS_STORAGE_CONF" <<-CONF
	[storage]
	driver = "overlay"
	graphroot = "$smoke_dir/storage"
	runroot = "$smoke_dir/run"
	CONF
}

# A minimal Debian, kept from run to run.
debian_root() {
  local kept=$cache/base-images/debian-bookworm.tar
  if [[ ! -f $kept ]]; then
    mkdir -p "$(dirname "$kept")"
    with_progress "unpacking a minimal Debian" "$smoke_dir/debootstrap.log" \
      debootstrap --variant=minbase bookworm "$smoke_dir/debian"
    tar -cf "$kept.new" --exclude=./var/cache/apt --exclude=./var/lib/apt/lists -C "$smoke_dir/debian" .
    rm -rf "$smoke_dir/debian"
    mv "$kept.new" "$kept"
  fi
  cp "$kept" "$smoke_dir/base/debian.tar"
}

base_images=(nothing one-file busybox glibc debian musl)

make_base_images() {
  local base=$smoke_dir/base name
  rm -rf "$base"
  mkdir -p "$base"
  echo "the only file" >"$base/file"
  # What the task becomes in the end, to show that the base image's own programs run under it.
  for name in busybox debian; do
    printf '#!/bin/sh\necho program of %s\n' "$name" >"$base/program-$name"
    chmod 755 "$base/program-$name"
  done
  for name in glibc=cc musl=musl-gcc; do
    printf '#include <stdio.h>\nint main(void) { return puts("program of %s") < 0; }\n' "${name%=*}" |
      "${name#*=}" -x c -o "$base/program-${name%=*}" -
  done
  debian_root
  cp "$bin/orchestrator" "$base/orchestrator"
  head -c 60000000 /dev/urandom >"$base/circleci-agent"
  for name in "${base_images[@]}" real-size; do
    podman build --quiet --target "$name" --tag "localhost/smoke:$name" --build-context machine=/ \
      --file "$root/smoke/base.Dockerfile" "$base" >/dev/null
  done
}

# What a run leaves in podman's storage, or on a cluster, after a failure or Ctrl-C, too.
clean_up() {
  [[ -z ${SMOKE_RUN:-} ]] || delete_namespaces
  podman pod rm --all --force --time 0 >/dev/null 2>&1 || true
  podman rmi --all --force >/dev/null 2>&1 || true
  rm -rf "$smoke_dir"/{storage,run,base}
  stop_cluster
}

# Checks that the cluster of KUBECONFIG is there, before anything is built for it.
find_cluster() {
  local answer
  [[ -n ${IMAGE_REPOSITORY:-} ]] ||
    die "smoke-tests: KUBECONFIG is set, so a cluster pulls the images: IMAGE_REPOSITORY says where from, such as registry.example.com/your-org/runner-init"
  export KUBECTL=${KUBECTL:-kubectl} SMOKE_REPOSITORY=$IMAGE_REPOSITORY
  command -v "$KUBECTL" >/dev/null || die "smoke-tests: no $KUBECTL, which asks the cluster of KUBECONFIG"
  answer=$("$KUBECTL" --request-timeout 20s get --raw /readyz 2>&1) ||
    die "smoke-tests: the cluster of KUBECONFIG can't be reached: ${answer##*$'\n'}"
  SMOKE_RUN=$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')
  export SMOKE_RUN
}

# A task that is in the way gets a second to end, not the time that its Pod allows.
delete_namespaces() {
  local of_this_run="runner-init-smoke-test/run=$SMOKE_RUN" namespace
  for namespace in $("$KUBECTL" get namespace --selector "$of_this_run" --output 'jsonpath={.items[*].metadata.name}'); do
    "$KUBECTL" --namespace "$namespace" delete pods --all --now --wait=false >/dev/null 2>&1 || true
  done
  "$KUBECTL" delete namespace --selector "$of_this_run" --timeout 90s >/dev/null ||
    say "smoke-tests: namespaces of this run are still there: kubectl delete namespace -l $of_this_run"
}

# Where the cluster's nodes pull from. In ./do kubernetes-tests, that is in the cluster's own network.
push_for_cluster() {
  "${enter[@]}" podman push --quiet "$1" "docker://$IMAGE_REPOSITORY:smoke-$2" ||
    die "smoke-tests: $IMAGE_REPOSITORY:smoke-$2 could not be pushed"
}

## Run the images in Pods, over every kind of base image, and check what an operator deploys
##
## By podman, offline, in a storage of its own. Needs root. A line that begins with "smoke:" tells
## of each base image and security context when the task began and how soon the container ended.
##
## With KUBECONFIG set, the Pods run on that cluster instead, in namespaces that are deleted in the
## end:
##
##   IMAGE_REPOSITORY      where the images are pushed to, as tags smoke-…, and nodes pull from
##   KUBECTL               the kubectl to ask by; that on the PATH by default
##   SMOKE_DEADLINE        seconds that a Pod may take until its containers run (120)
verb_smoke_tests() {
  local name options=()
  ((EUID == 0)) || die "smoke-tests: podman runs the Pods as root"
  need "${smoke_tools[@]}"
  [[ -z ${KUBECONFIG:-} ]] || find_cluster
  podman_of_our_own
  verb_images test-agent
  make_base_images
  if [[ -n ${KUBECONFIG:-} ]]; then
    options=(-Dgroups=cluster -DexcludedGroups=none)
    push_for_cluster localhost/runner-init:test-agent init
    for name in "${base_images[@]}"; do push_for_cluster "localhost/smoke:$name" "$name"; done
  fi
  maven verify -pl smoke -am -DskipUnitTests=true -DskipSmokeTests=false "${options[@]}" "$@"
}
