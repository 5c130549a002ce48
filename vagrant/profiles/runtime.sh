# shellcheck shell=bash disable=SC2154
# keelson's runtime, and for the containers of this machine the network of the exercises.
if [ "${profiles[*]: -1}" = runtime ]; then
    keep /etc/cni/net.d/100-lab.conflist <<'NETWORK'
{
  "cniVersion": "1.0.0",
  "name": "lab",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "ranges": [[{ "subnet": "10.85.0.0/16" }]],
        "routes": [{ "dst": "0.0.0.0/0" }]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
NETWORK
fi
keep /etc/crictl.yaml <<'CRICTL'
runtime-endpoint: unix:///run/keelson/cri.sock
image-endpoint: unix:///run/keelson/cri.sock
timeout: 30
CRICTL
case $profile in
cluster) "$project/scripts/install" && "$project/scripts/install-cni" ;;
*) "$project/scripts/up" --runtime ;;
esac
