# ./do kubernetes-tests: Kubernetes' own programs, built from source, and a cluster of one node in
# namespaces of its own.

# For a cluster of one node, beside what is built from source.
cluster_tools=(etcd=etcd-server ip=iproute2 setpriv=util-linux pgrep=procps)

kubernetes_programs() {
  local version package folder=$root/smoke/cluster flags='-s -w ' tools key
  version=$(sed -nE 's/^\tk8s\.io\/kubernetes (v[0-9.]+).*/\1/p' "$folder/go.mod")
  # Clients and the node are compared by these.
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$(cut -d. -f2 <<<"$version")"
  done
  key=$(cat <(printf '%s\n' "$flags") "$folder"/go.{mod,sum} | sha256sum | cut -c1-16)
  mapfile -t tools < <(sed -n '/^tool (/,/^)/s/^\t//p' "$folder/go.mod" | grep -v /runc)
  kubernetes=$(go_tools kubernetes "$key" -C "$folder" -mod=readonly -trimpath -ldflags "$flags" "${tools[@]}")
  # The one that is partly C.
  runc=$(CGO_ENABLED=1 go_tools runc "$key" -C "$folder" -mod=readonly -trimpath -tags seccomp,netgo,osusergo \
    -ldflags '-s -w -extldflags -static' github.com/opencontainers/runc)
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
	clusters: [{name: runner-init, cluster: {server: "https://10.0.2.2:6443", certificate-authority: $state/apiserver.crt}}]
	users: [{name: admin, user: {token: $token}}]
	CONFIG
}

# Sets $state, and in $enter how to run something where the cluster's addresses are.
start_cluster() {
  # shellcheck disable=SC2034 # boot_guest's
  local guest_memory=3G guest_ports=,hostfwd=tcp:127.0.0.1:10250-:10250 kernel
  state=$root/target/cluster
  kernel=$(fetch_kernel 6.12)
  rm -rf "$state"
  (umask 077 && mkdir -p "$state" && make_credentials)
  install -D -t "$state/programs" "$root/scripts/node" "$runc"/runc "$kubernetes"/{kubelet,containerd*}
  # What is in these namespaces ends with their first process, which ends with this script.
  setpriv --pdeathsig KILL unshare --pid --mount --net --ipc --uts --fork --kill-child --mount-proc \
    "$root/scripts/cluster" "$kubernetes" "$state" >"$state/cluster.log" 2>&1 &
  cluster=$!
  await_cluster planned 60
  enter=(nsenter "--net=/proc/$(pgrep -P "$cluster")/ns/net")
  boot_guest "$kernel" "$(machine_architecture)" "$state" "$state/programs/node $state"
  trap clean_up EXIT
  await_cluster up 180
  printf '#!/bin/sh\nexec %s %s/kubectl "$@"\n' "${enter[*]}" "$kubernetes" >"$state/kubectl"
  chmod 755 "$state/kubectl"
}

# await_cluster FILE SECONDS: until the cluster made it
await_cluster() {
  local until=$((SECONDS + $2))
  until [[ -e $state/$1 ]]; do
    if ! kill -0 "$cluster" 2>/dev/null || ((SECONDS > until)); then
      die "the cluster did not come up: see the logs in ${state#"$root"/}"
    fi
    sleep 0.1
  done
}

stop_cluster() {
  [[ -n ${cluster:-} ]] || return 0
  end_guest
  kill -KILL "$cluster" 2>/dev/null || true
  wait "$cluster" 2>/dev/null || true
  rm -rf "${guest:-}" "$state"/{programs,etcd,registry,tokens} "$state"/*.key "$state/kubeconfig"
  cluster=''
}

## Run the Pods on Kubernetes itself, and let its API server judge what is in deploy/
##
## Builds Kubernetes and containerd from their Go modules, once, in ten minutes or more; then runs a
## control plane in namespaces of its own, its one node in a virtual machine, and on it what
## ./do smoke-tests runs when KUBECONFIG is set.
## Needs root.
verb_kubernetes_tests() {
  ((EUID == 0)) || die "kubernetes-tests: a node needs root"
  need "${smoke_tools[@]}" "${cluster_tools[@]}" /usr/include/seccomp.h=libseccomp-dev
  need_guests
  rm -f "$root"/smoke/target/surefire-reports/TEST-*-kubernetes.xml
  verb_build
  kubernetes_programs
  podman_of_our_own
  # The registry listens in the cluster's own network alone, and has no TLS.
  printf '[[registry]]\nlocation = "10.0.2.2:5000"\ninsecure = true\n' >"$smoke_dir/registries.conf"
  export CONTAINERS_REGISTRIES_CONF=$smoke_dir/registries.conf
  start_cluster
  base_images+=(pause)
  export KUBECONFIG=$state/kubeconfig KUBECTL=$state/kubectl
  IMAGE_REPOSITORY=10.0.2.2:5000/runner-init SMOKE_DEADLINE=600 \
    verb_smoke_tests -Dgroups='cluster | today' -Dsurefire.reportNameSuffix=kubernetes -Drunnerinit.guest="$guest_port" "$@"
  (($#)) || prove Kubernetes "$(sed -nE 's:^\t.*/(kubernetes|containerd|runc)(/v2)? v(\S+) //.*:\1 \3,:p' "$root/smoke/cluster/go.mod" |
    paste -sd' ') on 6.12" "$(count_tests "$root"/smoke/target/surefire-reports/TEST-*-kubernetes.xml)"
}
