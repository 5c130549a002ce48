# shellcheck shell=bash
# Tools of the exercises, the names of the machines, and a kernel that forwards.
packages iproute2 iputils-ping bridge-utils tcpdump conntrack iptables nftables iperf3 stress-ng \
    jq curl procps psmisc util-linux busybox-static ca-certificates bind9-dnsutils docker-registry

begin='# keelson lab: begin' end='# keelson lab: end'
hosts=$(
    # Debian gives a machine's own name to 127.0.1.1, Vagrant to 127.0.2.1, where nobody else finds it.
    sed -e "/^$begin\$/,/^$end\$/d" -e "/^127\.0\.[12]\.1[[:space:]].*$(hostname)/d" /etc/hosts
    echo "$begin"
    for host in 1 2 3 4 5 6; do echo "192.168.61.1$host host0$host"; done
    echo "$end"
)
echo "$hosts" | keep /etc/hosts

printf 'overlay\nbr_netfilter\n' | keep /etc/modules-load.d/keelson-lab.conf
modprobe -qa overlay br_netfilter || echo 'the kernel has no modules to load; going on'
keep /etc/sysctl.d/90-keelson-lab.conf <<'SYSCTL'
net.ipv4.ip_forward = 1
net.ipv6.conf.all.forwarding = 1
-net.bridge.bridge-nf-call-iptables = 1
SYSCTL
sysctl -q -p /etc/sysctl.d/90-keelson-lab.conf
