# ./do kubernetes-tests: Kubernetes' own programs, built from source, and a cluster of one node in
# namespaces of its own.

# For a cluster of one node, beside what is built from source.
cluster_tools=(
  etcd=etcd-server containerd=containerd /usr/lib/cni/ptp=containernetworking-plugins
  ip=iproute2 setpriv=util-linux pgrep=procps
)

kubernetes_programs() {
  local version package folder=$root/smoke/cluster flags='-s -w ' tools key
  version=$(sed -nE 's/^\tk8s\.io\/kubernetes (v[0-9.]+).*/\1/p' "$folder/go.mod")
  # Clients and the node are compared by these.
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$(cut -d. -f2 <<<"$version")"
  done
  key=$(cat <(printf '%s\n' "$flags") "$folder"/go.{mod,sum} | sha256sum | cut -c1-16)
  mapfile -t tools < <(sed -n '/^tool (/,/^)/s/^\t//p' "$folder/go.mod")
  kubernetes=$(go_tools kubernetes "$key" -C "$folder" -mod=readonly -trimpath -ldflags "$flags" "${tools[@]}")
}

# One user for all, of this cluster alone; the API server makes its certificate itself.
make_credentials() {
  local token
  token=$(od -An -N16 -tx8 /dev/urandom | tr -d ' ')
  openssl genrsa -out "$state/service-account.key" 2048 2>/dev/null
  printf '%s\n' "$token,admin,admin,system:masters" >"$state/tokens"
  cat >"$state/kubeconfig" <<-CONFIG
	apiVersion: v1
	kind: Config
	current-context: runner-init
	contexts: [{name: runner-init, context: {cluster: runner-init, user: admin}}]
	clusters: [{name: runner-init, cluster: {server: "https://127.0.0.1:6443", certificate-authority: $state/apiserver.crt}}]
	users: [{name: admin, user: {token: $token}}]
	CONFIG
}

# The control groups of the Pods, of which the node has a folder of its own.
make_cgroups() {
  local hierarchy file
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
    mkdir "/sys/fs/cgroup/$1"
    return
  fi
  for hierarchy in /sys/fs/cgroup/*/; do
    [[ -e $hierarchy/cgroup.procs && ! -L ${hierarchy%/} ]] || continue
    mkdir "$hierarchy$1"
    [[ ! -e $hierarchy/cpuset.cpus ]] || for file in cpus mems; do
      cat "$hierarchy/cpuset.$file" >"$hierarchy$1/cpuset.$file"
    done
  done
}

# Sets $state, and in $enter how to run something where the cluster's addresses are.
start_cluster() {
  local tries
  state=$root/target/cluster
  rm -rf "$state"
  (umask 077 && mkdir -p "$state" && make_credentials)
  cluster_cgroup=runner-init-$$
  make_cgroups "$cluster_cgroup"
  # What is in these namespaces ends with their first process, which ends with this script.
  setpriv --pdeathsig KILL unshare --pid --mount --net --ipc --uts --fork --kill-child --mount-proc \
    "$root/scripts/cluster" "$kubernetes" "$state" "$cluster_cgroup" >"$state/cluster.log" 2>&1 &
  cluster=$!
  for ((tries = 0; tries < 600; tries++)); do
    [[ ! -e $state/up ]] || break
    kill -0 "$cluster" 2>/dev/null || break
    sleep 0.1
  done
  [[ -e $state/up ]] || die "the cluster did not come up: see the logs in ${state#"$root"/}"
  enter=(nsenter "--net=/proc/$(pgrep -P "$cluster")/ns/net")
  printf '#!/bin/sh\nexec %s %s/kubectl "$@"\n' "${enter[*]}" "$kubernetes" >"$state/kubectl"
  chmod 755 "$state/kubectl"
}

stop_cluster() {
  [[ -n ${cluster:-} ]] || return 0
  local folder tries
  kill -KILL "$cluster" 2>/dev/null || true
  wait "$cluster" 2>/dev/null || true
  # The kernel takes a moment to end what was in the namespaces.
  while read -r folder; do
    for ((tries = 0; tries < 100; tries++)); do
      find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null && break
      sleep 0.1
    done
  done < <(find /sys/fs/cgroup -maxdepth 2 -type d -name "$cluster_cgroup")
  rm -rf "$state"/{containerd,etcd,kubelet,registry,tokens} "$state"/*.key "$state/kubeconfig"
  cluster=''
}

## Run the Pods on Kubernetes itself, and let its API server judge what is in deploy/
##
## Builds Kubernetes from its Go modules, once, in ten minutes or more; then runs a cluster of one
## node in namespaces of its own, and on it what ./do smoke-tests runs when KUBECONFIG is set.
## Needs root.
verb_kubernetes_tests() {
  ((EUID == 0)) || die "kubernetes-tests: a node needs root"
  need "${smoke_tools[@]}" "${cluster_tools[@]}"
  verb_build
  kubernetes_programs
  podman_of_our_own
  # The registry listens in the cluster's own network alone, and has no TLS.
  printf '[[registry]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n' >"$smoke_dir/registries.conf"
  export CONTAINERS_REGISTRIES_CONF=$smoke_dir/registries.conf
  start_cluster
  base_images+=(pause)
  export KUBECONFIG=$state/kubeconfig KUBECTL=$state/kubectl
  IMAGE_REPOSITORY=127.0.0.1:5000/runner-init verb_smoke_tests "$@"
}
