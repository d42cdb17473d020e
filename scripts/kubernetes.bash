# ./do kubernetes-tests: Kubernetes' own programs, built from source, and a cluster of one node in
# namespaces of its own.

kubernetes_programs() {
  local version package flags=''
  version=$(sed -nE 's/^\tk8s\.io\/kubernetes (v[0-9.]+).*/\1/p' "$root/smoke/cluster/go.mod")
  # Clients and the node are compared by these.
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$(cut -d. -f2 <<<"$version")"
  done
  kubernetes=$(go_module_tools kubernetes "$root/smoke/cluster" "$flags") || exit 1
}

# certificate NAME SUBJECT [SUBJECT-ALTERNATIVE-NAMES], signed by the CA of this cluster.
certificate() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$state/$1.key" -subj "$2" -out "$state/$1.csr" 2>/dev/null
  openssl x509 -req -in "$state/$1.csr" -CA "$state/ca.crt" -CAkey "$state/ca.key" -CAcreateserial -days 2 -out "$state/$1.crt" \
    ${3:+-extfile <(printf 'subjectAltName=%s\n' "$3")} 2>/dev/null
  rm "$state/$1.csr"
}

# kubeconfig NAME SUBJECT: for who has that certificate.
kubeconfig() {
  certificate "$1" "$2"
  cat >"$state/$1.kubeconfig" <<-CONFIG
	apiVersion: v1
	kind: Config
	current-context: runner-init
	contexts: [{name: runner-init, context: {cluster: runner-init, user: $1}}]
	clusters: [{name: runner-init, cluster: {server: "https://127.0.0.1:6443", certificate-authority: $state/ca.crt}}]
	users: [{name: $1, user: {client-certificate: $state/$1.crt, client-key: $state/$1.key}}]
	CONFIG
}

# Certificates for two days and this cluster alone.
make_credentials() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$state/ca.key" -out "$state/ca.crt" \
    -days 2 -subj /CN=runner-init-test 2>/dev/null
  certificate server /CN=kubernetes IP:127.0.0.1,DNS:localhost
  openssl genrsa -out "$state/service-account.key" 2048 2>/dev/null
  kubeconfig admin /O=system:masters/CN=admin
  kubeconfig controller-manager /CN=system:kube-controller-manager
  kubeconfig scheduler /CN=system:kube-scheduler
  kubeconfig node /O=system:nodes/CN=system:node:localhost
}

# The control groups of the Pods, of which the node has a folder of its own.
cgroups() { find /sys/fs/cgroup -maxdepth 2 -type d -path "*/$1"; }

# Those that a killed run has left.
remove_old_cgroups() {
  local folder
  while read -r folder; do
    kill -0 "${folder##*-}" 2>/dev/null || find "$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done < <(cgroups 'runner-init-[0-9]*')
}

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
  local name="runner-init-$$" tries
  state=$root/target/cluster
  rm -rf "$state"
  (umask 077 && mkdir -p "$state")
  (umask 077 && make_credentials)
  remove_old_cgroups
  make_cgroups "$name"
  # What is in these namespaces ends with their first process, which ends with this script.
  setpriv --pdeathsig KILL unshare --pid --mount --net --ipc --uts --fork --kill-child --mount-proc \
    "$root/scripts/cluster" "$kubernetes" "$state" "$name" >"$state/cluster.log" 2>&1 &
  cluster=$!
  cluster_cgroup=$name
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
  done < <(cgroups "$cluster_cgroup")
  rm -rf "$state"/{containerd,etcd,kubelet,registry} "$state"/*.key "$state"/*.kubeconfig
  cluster=''
}

# Its pause image is podman's: catatonit does nothing but wait.
push_pause_image() {
  mkdir -p "$smoke_dir/pause"
  cp "$(command -v catatonit)" "$smoke_dir/pause/catatonit"
  podman build --quiet --tag localhost/pause --file - "$smoke_dir/pause" >/dev/null \
    <<<$'FROM scratch\nCOPY catatonit /catatonit\nENTRYPOINT ["/catatonit", "-P"]'
  "${enter[@]}" podman push --quiet localhost/pause docker://127.0.0.1:5000/pause
}

kubernetes_tests() {
  kubernetes_programs
  podman_of_our_own
  # The registry listens in the cluster's own network alone, and has no TLS.
  printf '[[registry]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n' >"$smoke_dir/registries.conf"
  export CONTAINERS_REGISTRIES_CONF=$smoke_dir/registries.conf
  # shellcheck disable=SC2034 # for the trap of smoke_tests_on_cluster
  after_smoke_tests=stop_cluster
  trap stop_cluster EXIT
  start_cluster
  push_pause_image
  export KUBECONFIG=$state/admin.kubeconfig KUBECTL=$state/kubectl
  IMAGE_REPOSITORY=127.0.0.1:5000/runner-init smoke_tests_on_cluster "$@"
}
