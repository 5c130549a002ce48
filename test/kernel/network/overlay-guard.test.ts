import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { skip } from '../netlink/namespace.ts';
import { OverlayWorld, until } from './overlay-world.ts';

t.setTimeout(240_000);

/** One VXLAN packet (number 4097) with an echo request inside, to a node, from an address. */
const sender = `
import socket, struct, sys
node, target, inner_mac, source, outer = sys.argv[1:6]
def checksum(data):
    data += b'\\0' * (len(data) % 2)
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
echo = struct.pack('!BBHHH', 8, 0, 0, 7, 7) + b'x' * 32
echo = echo[:2] + struct.pack('!H', checksum(echo)) + echo[4:]
ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(echo), 7, 0, 64, 1, 0,
    socket.inet_aton(source), socket.inet_aton(target))
ip = ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:]
mac = bytes.fromhex(inner_mac.replace(':', ''))
frame = mac + bytes.fromhex('020000000066') + b'\\x08\\x00' + ip + echo
vxlan = struct.pack('!II', 0x08000000, 4097 << 8)
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.bind((outer, 0))
out.sendto(vxlan + frame, (node, 4789))
`;

/** Echo requests that have come to a pod, whoever they are from. */
function requestsOf(world: OverlayWorld, namespace: string): number {
  const text = world.exec(namespace, 'cat', '/proc/net/snmp');
  const [names = '', values = ''] = text.split('\n').filter((line) => line.startsWith('Icmp:'));
  return Number(values.split(' ')[names.split(' ').indexOf('InEchos')]);
}

t.test('only nodes may send into the overlay', { skip }, async (t) => {
  await using world = new OverlayWorld();
  const [one, two, three] = world.nodes;
  // The third is a machine of the network, but no node of the cluster.
  world.writeNodes([one, two]);
  for (const node of [one, two]) world.agent(node);
  for (const node of [one, two]) await world.attached(node);
  const [inner, other] = [world.pod(one), world.pod(two)];
  await world.reaches(other, inner.ip4);
  await world.reaches(inner, other.ip4);
  const mac = world.exec(world.namespaceOf(one), 'cat', '/sys/class/net/keelson.vx/address').trim();
  const [address = ''] = world.addressesOf(one);
  const send = (namespace: string, from = '0.0.0.0') =>
    world.exec(namespace, 'python3', '-c', sender, address, inner.ip4, mac, other.ip4, from);
  // Else the kernel itself may take no packet by a device that leads elsewhere.
  const open = 'for file in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$file; done';
  world.exec(world.namespaceOf(one), 'sh', '-c', open);
  const [peer = ''] = world.addressesOf(two);
  world.exec(inner.namespace, 'ip', 'address', 'add', `${peer}/32`, 'dev', 'lo');

  const before = requestsOf(world, inner.namespace);
  send(world.namespaceOf(two));
  await until('what a node sends arrives', () => requestsOf(world, inner.namespace) === before + 1);

  const machines = [
    ['a machine that is no node', world.namespaceOf(three)],
    ['a pod of another node, hidden behind its address', other.namespace],
    ['a pod of the same node', inner.namespace, inner.ip4],
    ["a pod of the same node, in another node's name", inner.namespace, peer],
  ] as const;
  for (const [index, [what, namespace, from]] of machines.entries()) {
    send(namespace, from);
    // What a node sends after it has to arrive, and shows that the other would have by now.
    send(world.namespaceOf(two));
    const all = before + 2 + index;
    await until(`${what}: the next arrives`, () => requestsOf(world, inner.namespace) >= all);
    t.equal(requestsOf(world, inner.namespace), all, what);
  }
});

t.test('pods reach whoever is no pod in the address of their node', { skip }, async (t) => {
  await using world = new OverlayWorld();
  const [one] = world.nodes;
  const agent = world.agent(one);
  await world.attached(one);
  const pod = world.pod(one);
  // The router has no routes to pods: an answer shows that the node's address was asked from.
  const host = world.namespaceOf(one);
  const rules = world.exec(host, 'nft', 'list', 'table', 'inet', 'keelson_outgoing');
  t.equal(rules.match(/masquerade fully-random/g)?.length, 2, 'two at once get two ports');
  const heard = (namespace: string, device: string) =>
    world.sysctl(namespace, `net.ipv6.conf.${device}.accept_ra`);
  t.equal(heard(pod.namespace, 'eth0'), '0', 'no other pod can say that it is the router');
  const [hostEnd = ''] = world.ip(one, 'route', 'get', pod.ip4).match(/(?<=dev )\S+/) ?? [];
  t.equal(heard(host, hostEnd), '0', 'nor tell the host');
  await world.reaches(pod, '192.168.61.1');
  await world.reaches(pod, 'fd61::1');
  await world.reaches(pod, '192.168.62.1');
  agent.kill('SIGTERM');
  await until('the agent has ended', () => agent.exitCode !== null);
  await world.reaches(pod, '192.168.61.1');
  t.ok(true, 'also when the agent is not there');
});

t.test('uninstalling leaves nothing of the overlay', { skip }, async (t) => {
  await using world = new OverlayWorld();
  const [one, two] = world.nodes;
  const host = world.namespaceOf(one);
  const forwarding = ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'];
  const state = () => [
    world.ip(one, 'link', 'show'),
    world.ip(one, 'route', 'show', 'table', 'all'),
    world.ip(one, '-6', 'route', 'show', 'table', 'all'),
    world.exec(host, 'nft', 'list', 'ruleset'),
    ...forwarding.map((name) => world.sysctl(host, name)),
  ];
  // A new namespace has the host's, which may be what we write.
  for (const name of forwarding) world.sysctl(host, name, '0');
  world.exec(host, 'nft', 'add', 'table', 'inet', 'others');
  const before = state();
  const agent = world.agent(one);
  world.agent(two);
  for (const node of [one, two]) await world.attached(node);
  const [pod, other] = [world.pod(one), world.pod(two)];
  await world.reaches(pod, other.ip6);
  for (const [at, text] of before.entries()) t.not(state()[at], text, 'there is something to undo');
  world.plugin(one, 'DEL', pod.namespace);
  agent.kill('SIGKILL');
  await until('the agent has ended', () => agent.signalCode !== null);
  const folder = world.folderOf(one);
  const undo = new URL('undo-here.ts', import.meta.url).pathname;
  const ledger = join(folder, 'lib', 'ledger');
  const said = world.exec(
    host,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    undo,
    ledger,
  );
  t.same((JSON.parse(said) as { problems: unknown }).problems, []);
  t.same(state(), before);
  t.notOk(existsSync(join(folder, 'net.d')) || existsSync(ledger));
  t.same(readdirSync(join(folder, 'run')).toSorted(), ['cni', 'network.lock']);
  t.same(readdirSync(join(folder, 'lib')), ['network']);
});
