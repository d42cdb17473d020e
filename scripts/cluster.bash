#!/usr/bin/env bash
#
# A Kubernetes cluster of one node: etcd, a registry and containerd from Debian, the rest built from
# source. It is the first process of PID, mount and network namespaces of its own, so the ports are
# its own, too, and whatever runs in it ends with it: cluster.bash PROGRAMS STATE CGROUP
set -euo pipefail
programs=$1 state=$2 cgroup=$3
cd "$state"

# What these programs write to places that can't be chosen goes with the namespace.
for place in /run /var/log /var/lib/cni /var/lib/kubelet; do
  mkdir -p "$place"
  mount -t tmpfs -o mode=755 tmpfs "$place"
done
node_address=10.213.0.1
ip link set lo up
ip address add "$node_address/32" dev lo

# background NAME COMMAND…, with its log in $state.
background() {
  local name=$1
  shift
  "$@" >"$state/$name.log" 2>&1 &
}

mkdir cni etcd
# No address but the node's is needed, so nothing is masqueraded.
cat >cni/10-runner-init.conflist <<CNI
{"cniVersion": "0.4.0", "name": "runner-init", "plugins": [{"type": "ptp", "ipam":
  {"type": "host-local", "dataDir": "$state/cni/addresses", "subnet": "10.213.1.0/24"}}]}
CNI
printf 'nameserver %s\n' "$node_address" >resolv.conf

cat >registry.yml <<REGISTRY
version: 0.1
storage: {filesystem: {rootdirectory: "$state/registry"}}
http: {addr: "127.0.0.1:5000"}
REGISTRY
background registry docker-registry serve registry.yml

# Without CAP_SYS_RESOURCE, no score of the OOM killer can be lowered.
cat >containerd.toml <<CONTAINERD
version = 2
root = "$state/containerd/root"
state = "/run/containerd"
oom_score = 0
[grpc]
  address = "/run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  disable_apparmor = true
  sandbox_image = "127.0.0.1:5000/pause:latest"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/cni"
CONTAINERD
background containerd containerd --config containerd.toml

# On sockets in this folder: what is in etcd is for the API server alone.
background etcd etcd --data-dir etcd \
  --listen-client-urls unix://localhost:1 --advertise-client-urls unix://localhost:1 \
  --listen-peer-urls unix://localhost:2 --initial-advertise-peer-urls unix://localhost:2 \
  --initial-cluster default=unix://localhost:2
background kube-apiserver "$programs/kube-apiserver" --etcd-servers unix://localhost:1 \
  --feature-gates ImageVolume=true \
  --bind-address 127.0.0.1 --advertise-address "$node_address" --secure-port 6443 --endpoint-reconciler-type none \
  --tls-cert-file server.crt --tls-private-key-file server.key --client-ca-file ca.crt \
  --allow-privileged --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
  --kubelet-certificate-authority ca.crt --kubelet-client-certificate admin.crt --kubelet-client-key admin.key \
  --kubelet-preferred-address-types Hostname \
  --service-account-issuer https://kubernetes.default.svc --service-cluster-ip-range 10.96.0.0/16 \
  --service-account-key-file service-account.key --service-account-signing-key-file service-account.key

kubectl() { "$programs/kubectl" --kubeconfig admin.kubeconfig "$@"; }
until kubectl get --raw /readyz >/dev/null 2>&1; do sleep 0.2; done

background kube-controller-manager "$programs/kube-controller-manager" --kubeconfig controller-manager.kubeconfig \
  --bind-address 127.0.0.1 --leader-elect=false --root-ca-file ca.crt \
  --use-service-account-credentials --service-account-private-key-file service-account.key
background kube-scheduler "$programs/kube-scheduler" --kubeconfig scheduler.kubeconfig \
  --bind-address 127.0.0.1 --leader-elect=false

cat >kubelet.yaml <<KUBELET
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
healthzPort: 0
tlsCertFile: $state/server.crt
tlsPrivateKeyFile: $state/server.key
authentication: {x509: {clientCAFile: "$state/ca.crt"}}
containerRuntimeEndpoint: unix:///run/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /$cgroup
enforceNodeAllocatable: []
clusterDNS: ["$node_address"]
resolvConf: $state/resolv.conf
failSwapOn: false
# As in a user namespace: what may not be set is left as it is.
featureGates: {KubeletInUserNamespace: true}
oomScoreAdj: 0
makeIPTablesUtilChains: false
# A full disk of the developer's is none of the cluster's business.
localStorageCapacityIsolation: false
evictionHard: {memory.available: 1Mi, nodefs.available: 0%, imagefs.available: 0%, nodefs.inodesFree: 0%}
imageGCHighThresholdPercent: 100
KUBELET
background kubelet "$programs/kubelet" --config kubelet.yaml --kubeconfig node.kubeconfig \
  --root-dir "$state/kubelet" --cert-dir "$state/kubelet" --hostname-override localhost --node-ip "$node_address"

until kubectl wait node/localhost --for=condition=Ready --timeout=60s >/dev/null 2>&1; do sleep 0.2; done
touch up
# It goes on until one of them ends, which none of them should.
wait -n
