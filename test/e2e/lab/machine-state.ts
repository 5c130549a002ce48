import type { ClusterLab } from './cluster-lab.ts';

/**
 * What of a machine keelson may change, a line for each thing. Mounts that others on this machine
 * make elsewhere reach the nodes, too.
 */
const script = `
  ip -br link | awk '{ sub(/@.*/, "", $1); print "link", $1 }'
  ip -o address show scope global | awk '{ print "address", $2, $4 }'
  for family in -4 -6; do
    ip $family route show table all | grep -vE 'fe80|ff00' | sed "s/^/route $family /"
    ip $family rule | sed "s/^/rule $family /"
  done
  nft list ruleset | sed 's/^/nft /'
  for program in iptables-legacy-save ip6tables-legacy-save; do
    command -v $program >/dev/null || continue
    $program 2>/dev/null | grep -vE '^#|^:' | sed 's/^/iptables /'
  done
  sysctl -a 2>/dev/null | grep -E '^net\\.(ipv4|ipv6)\\.' | sed 's/^/sysctl /'
  places='etc|opt|sys|mnt|run/keelson|var/lib/(cni|keelson|kubelet)'
  awk '{ print "mount", $5 }' /proc/self/mountinfo | grep -E "^mount /($places)"
  ls /run/netns | sed 's/^/namespace /'
  find /sys/fs/cgroup -type d | sed 's/^/cgroup /'
  find /etc /opt -type f -o -type l | sed 's/^/file /'
  md5sum /etc/hosts /etc/resolv.conf /etc/keelson/config.yaml | sed 's/^/content /'
`;

/** In order; two of them are the same where nothing of the machine is different. */
export async function machineState(lab: ClusterLab, node: string): Promise<readonly string[]> {
  const text = await lab.see(node, `set +e +o pipefail\n${script}\ntrue`);
  return text.split('\n').toSorted();
}

/** What one has and the other has not. */
export function differences(before: readonly string[], after: readonly string[]): string[] {
  const [then, now] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !then.has(line)).map((line) => `+ ${line}`),
  ];
}
