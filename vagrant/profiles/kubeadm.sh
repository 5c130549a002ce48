# shellcheck shell=bash disable=SC2154
# A stock control plane and stock kubelets; below them keelson's runtime, plugins and pod network.
version=${KEELSON_KUBERNETES:-1.36}
token=${KEELSON_TOKEN:-abcdef.0123456789abcdef}
packages gpg apt-transport-https
if [ ! -e /etc/apt/keyrings/kubernetes.gpg ]; then
    install -d /etc/apt/keyrings
    curl -fsSL "https://pkgs.k8s.io/core:/stable:/v$version/deb/Release.key" |
        gpg --dearmor -o /etc/apt/keyrings/kubernetes.gpg
fi
echo "deb [signed-by=/etc/apt/keyrings/kubernetes.gpg] https://pkgs.k8s.io/core:/stable:/v$version/deb/ /" |
    keep /etc/apt/sources.list.d/kubernetes.list
packages kubelet kubeadm kubectl
swapoff -a
echo "KUBELET_EXTRA_ARGS=--node-ip=$address" | keep /etc/default/kubelet
socket=unix:///run/keelson/cri.sock

if [ "$number" = 1 ]; then
    keep /etc/kubernetes/keelson-lab.yaml <<CONFIG
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens: [{ token: "$token", ttl: 0s }]
localAPIEndpoint: { advertiseAddress: "$address" }
nodeRegistration: { criSocket: "$socket" }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking: { podSubnet: 172.31.0.0/16 }
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
CONFIG
    [ -e /etc/kubernetes/admin.conf ] ||
        kubeadm init --config /etc/kubernetes/keelson-lab.yaml --skip-phases addon
    install -d -m 0700 /root/.kube
    cp /etc/kubernetes/admin.conf /root/.kube/config
    # The network agent asks as the node, and does a proxy's work.
    kubectl create clusterrolebinding keelson:node-network --clusterrole system:node-proxier \
        --group system:nodes --dry-run=client -o yaml | kubectl apply -f -
else
    # The machines' own network, which nobody else is on: the authority is taken as it is shown.
    [ -e /etc/kubernetes/kubelet.conf ] || kubeadm join "$first:6443" --token "$token" \
        --cri-socket "$socket" --discovery-token-unsafe-skip-ca-verification
fi

# The pods' network, Services and names are ours, in place of kube-proxy and CoreDNS.
keep /etc/systemd/system/keelson-network.service <<UNIT
[Unit]
Description=keelson pod network
After=network.target keelson-runtime.service

[Service]
Type=notify
ExecStart=/usr/local/bin/keelson network --kubeconfig /etc/kubernetes/kubelet.conf --node-name $(hostname)
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --quiet --now keelson-network.service
