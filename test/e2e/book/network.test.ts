/** Chapter 4, network namespaces: S4.1 to S4.9, on two hosts with the book's bridge. */
import t from 'tap';
import { hasPlugins, makeHosts } from './hosts.ts';
import { missing, Reader } from './reader.ts';

const skip =
  missing('crictl', 'ip', 'brctl', 'tcpdump', 'iptables', 'lsns', 'jq', 'killall') ??
  (hasPlugins ? undefined : 'needs CNI plugins');
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

t.setTimeout(110_000);
const hosts = makeHosts();
t.teardown(() => hosts[Symbol.dispose]());
const reader = await Reader.start({ flags: hosts.flags }, hosts.host01);
t.teardown(() => reader[Symbol.asyncDispose]());
const { folder } = reader;

const server = ['"/usr/sbin/nginx"'];
const sleeper = ['"/bin/sleep"', '"36000"'];

/** The book's script for one pod with one container; its ids stand in files. */
function makePod(name: string, image: string, args: readonly string[]): Promise<string> {
  return reader.see(`cd ${folder}
    printf 'metadata:\\n  name: ${name}\\n  namespace: crio\\n' > ${name}-pod.yaml
    cat > ${name}.yaml <<END
metadata:
  name: ${name}
image:
  image: docker.io/library/${image}:latest
args: [${args.join(', ')}]
END
    crictl runp ${name}-pod.yaml 2>/dev/null > ${name}.pod
    crictl create $(cat ${name}.pod) ${name}.yaml ${name}-pod.yaml > ${name}.id
    crictl start $(cat ${name}.id) > /dev/null`);
}

/** The reader's shell with the variables that the book's scripts set. */
const variables = ['nginx1', 'nginx2', 'busybox']
  .map((name, index) => {
    const letter = ['N1', 'N2', 'B1'][index] ?? '';
    return `${letter}P_ID=$(cat ${folder}/${name}.pod) ${letter}C_ID=$(cat ${folder}/${name}.id)`;
  })
  .join('; ');
const see = (script: string): Promise<string> => reader.see(`${variables}\n${script}`);

t.test('S4.1 two servers on the same port', async (t) => {
  await reader.makeImage('nginx', {
    'usr/sbin/nginx': '#!/bin/sh\nhttpd -p 80 -h /etc\nexec sleep 36000\n',
  });
  await reader.makeImage('busybox', {});
  await makePod('nginx1', 'nginx', server);
  await makePod('nginx2', 'nginx', server);
  await makePod('busybox', 'busybox', sleeper);
  t.equal((await see('crictl ps')).match(/Running/g)?.length, 3);
  for (const id of ['$N1C_ID', '$N2C_ID']) {
    const ready = `crictl exec -s ${id} netstat -tln | grep -q :80`;
    const wait = `for i in $(seq 20); do ${ready} && break; done`;
    t.match(await see(`${wait}; crictl exec -s ${id} cat /proc/net/tcp*`), /: 0+:0050 /);
  }
});

let address = '';

t.test('S4.2 the interface, its address and its routes', async (t) => {
  const shown = await see('crictl exec -s $B1C_ID ip addr');
  t.match(shown, /^\d+: lo: <LOOPBACK,UP,LOWER_UP>/m);
  t.match(shown, /^\d+: eth0@if\d+: <BROADCAST,MULTICAST,UP,LOWER_UP.* mtu 1500/m);
  address = /inet (10\.85\.\d+\.\d+)\/16 brd 10\.85\.255\.255/.exec(shown)?.[1] ?? '';
  t.not(address, '', shown);
  t.match(
    await see('crictl exec -s $B1C_ID ping -c 1 192.168.61.11'),
    /1 packets received.*ttl=64|ttl=64[^]*1 packets received/,
  );
  const routes = await see('crictl exec -s $B1C_ID ip route');
  t.match(routes, /^default via 10\.85\.0\.1 dev eth0/m);
  t.match(routes, new RegExp(`^10\\.85\\.0\\.0/16 dev eth0 scope link +src ${address}`, 'm'));
});

const netns = `NETNS_PATH=$(crictl inspectp $B1P_ID |
  jq -r '.info.runtimeSpec.linux.namespaces[]|select(.type=="network").path')
  NETNS=$(basename $NETNS_PATH)`;

t.test('S4.3 the same namespaces for iproute2 and lsns', async (t) => {
  t.match(await see(`${netns}; echo $NETNS_PATH`), /^\/(var\/)?run\/netns\//);
  t.ok((await see('ip netns list')).includes(await see(`${netns}; echo $NETNS`)));
  const rows = await see(`${netns}; lsns -t net`);
  t.match(rows, /NS TYPE NPROCS +PID USER +NETNSID NSFS +COMMAND/);
  t.match(rows, new RegExp(` \\d+ /run/netns/${await see(`${netns}; echo $NETNS`)} `));
  const processes = await see(`${netns}; ps --pid $(ip netns pids $NETNS) -o args`);
  t.match(processes, /^\/bin\/sleep 36000$/m);
  t.match(await see(`${netns}; ip netns exec $NETNS ip addr`), `inet ${address}/16`);
});

t.test('S4.4 a namespace by hand, on the same bridge', async (t) => {
  await see('ip netns add myns');
  t.match(await see('ip netns list'), /^myns/m);
  t.match(await see('ip netns exec myns ip addr'), /lo: <LOOPBACK> .* state DOWN/);
  await see('ip netns exec myns ip link set dev lo up');
  t.match(await see('ip netns exec myns ping -c 1 127.0.0.1'), ' 0% packet loss');
  await see('ip link add myveth-host type veth peer myveth-myns netns myns');
  t.match(await see('ip addr'), /myveth-host@if\d+: .* state DOWN .*\n.*link-netns myns/);
  await see(`ip netns exec myns ip addr add 10.85.0.254/16 dev myveth-myns
    ip netns exec myns ip link set dev myveth-myns up
    ip link set dev myveth-host up`);
  t.match(await see('ip netns exec myns ping -c 1 10.85.0.254'), ' 0% packet loss');
  const outside = await reader.type('ping -c 1 -W 2 10.85.0.254');
  t.match(outside, { code: 1, output: /100% packet loss/ });
  t.match(await see('brctl show'), /^cni0\s+8000\.[0-9a-f]{12}\s+no\s+veth/m);
  await see('brctl addif cni0 myveth-host');
  t.match(await see('brctl show'), /myveth-host/);
  // The kernel may still be giving up on its last question for the address.
  t.match(await see('ping -c 5 -i 0.5 10.85.0.254'), /[1-5] received/);
});

t.test('S4.5 the bridge is who asks', async (t) => {
  const shown = await see(`ping 10.85.0.254 >/dev/null 2>&1 &
    timeout 2s tcpdump -i any -n icmp 2>/dev/null || true
    kill $! 2>/dev/null || killall ping`);
  t.match(shown, /10\.85\.0\.1 > 10\.85\.0\.254: ICMP echo request/);
  t.match(shown, /10\.85\.0\.254 > 10\.85\.0\.1: ICMP echo reply/);
});

t.test('S4.6 without a default route there is no way to the host', async (t) => {
  const before = await reader.type('ip netns exec myns ping -c 1 192.168.61.11');
  t.match(before.output, /Network is unreachable/);
  await see('ip netns exec myns ip route add default via 10.85.0.1');
  t.match(await see('ip netns exec myns ping -c 1 192.168.61.11'), ' 0% packet loss');
});

t.test('S4.7 off the host goes who is masqueraded', async (t) => {
  t.match(await see('crictl exec -s $B1C_ID ping -c 1 192.168.61.12'), /ttl=63/);
  const lost = await reader.type('ip netns exec myns ping -c 1 -W 2 192.168.61.12');
  t.match(lost.output, '100% packet loss');
  const wire = await see(`crictl exec -s $B1C_ID ping -c 2 192.168.61.12 >/dev/null 2>&1 &
    timeout 2s tcpdump -i any -n icmp 2>/dev/null || true; wait`);
  t.match(wire, `${address} > 192.168.61.12: ICMP echo request`);
  t.match(wire, '192.168.61.11 > 192.168.61.12: ICMP echo request', 'by its other name');
  t.match(wire, `192.168.61.12 > ${address}: ICMP echo reply`);
  await see(`iptables -t nat -N chain-myns
    iptables -t nat -A chain-myns -d 10.85.0.0/16 -j ACCEPT
    iptables -t nat -A chain-myns ! -d 224.0.0.0/4 -j MASQUERADE
    iptables -t nat -A POSTROUTING -s 10.85.0.254 -j chain-myns`);
  t.match(await see('ip netns exec myns ping -c 1 -W 5 192.168.61.12'), /ttl=63/);
});

t.test('S4.8 nothing of the pods is left', async (t) => {
  await see('crictl rm -a -f >/dev/null; crictl rmp -a -f >/dev/null; ip netns delete myns');
  t.same(await reader.runtime.leftovers(), []);
  t.notMatch(await see('ip link'), /veth/);
  t.notMatch(await see('ip netns list'), /^keelson-[0-9a-f]{64}/m);
  const rules = await see('iptables-save -t nat | grep -v myns; nft list ruleset');
  t.notMatch(rules, address);
  t.notMatch(rules, /CNI-[0-9a-f]{24}/);
});
