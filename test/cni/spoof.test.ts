/** A container that speaks in the name of others: by link address, ARP, neighbour discovery, RA. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { ip, skip as noWorlds, World } from './differential.ts';

t.setTimeout(300_000);

const python = spawnSync('python3', ['-V']).status === 0;
const skip = noWorlds || (!python && 'needs python3, for frames of every kind');

/** Each frame has its name in it, where its protocol does not read it. */
const sender = `
import socket, struct, sys
own, other = bytes.fromhex(sys.argv[1]), bytes.fromhex('020000000bad')
every = b'\\xff' * 6
four = lambda text: socket.inet_aton(text)
six = lambda text: socket.inet_pton(socket.AF_INET6, text)
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
raw.bind(('eth0', 0))
def send(name, source, kind, body):
    frame = every + source + struct.pack('!H', kind) + body
    tail = ('<' + name + '>').encode()
    raw.send(frame.ljust(60, b'\\0') + tail if kind in (0x0806, 0x88b5) else frame)
def arp(mac, address):
    head = struct.pack('!HHBBH', 1, 0x0800, 6, 4, 2)
    return head + mac + four(address) + every + four('10.88.0.3')
def checked(source, to, body):
    total = sum(struct.unpack('!%dH' % (len(source + to + body) // 2), source + to + body))
    total += len(body) + 58
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return body[:2] + struct.pack('!H', ~total & 0xffff) + body[4:]
def icmp6(name, source, body):
    to = six('ff02::1')
    text = ('<' + name + '>').encode()
    units = (len(text) + 9) // 8
    body += bytes([253, units]) + text.ljust(units * 8 - 2, b'\\0')
    body = checked(six(source), to, body)
    return struct.pack('!IHBB', 6 << 28, len(body), 58, 255) + six(source) + to + body
def ip4(name, source):
    text = ('<' + name + '>').encode()
    head = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(text), 0, 0, 64, 253, 0)
    head += four(source) + four('10.88.0.3')
    total = sum(struct.unpack('!10H', head))
    while total >> 16: total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack('!H', ~total & 0xffff) + head[12:] + text
local = sys.argv[2]
advertisement = struct.pack('!BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0)
def neighbour(target):
    return struct.pack('!BBHI', 136, 0, 0, 0x20000000) + six(target) + b'\\x02\\x01' + own
def send_six(name, body):
    send(name, own, 0x86dd, icmp6(name, local, body))
for _ in range(3):
    send('own frame', own, 0x88b5, b'')
    send('other link address', other, 0x88b5, b'')
    send('own arp', own, 0x0806, arp(own, '10.88.0.2'))
    send('arp, other link address', own, 0x0806, arp(other, '10.88.0.2'))
    send('arp, gateway', own, 0x0806, arp(own, '10.88.0.1'))
    send('ipv4, own', own, 0x0800, ip4('ipv4, own', '10.88.0.2'))
    send('ipv4, gateway', own, 0x0800, ip4('ipv4, gateway', '10.88.0.1'))
    send_six('neighbour, own', neighbour('fd88::2'))
    send_six('neighbour, gateway', neighbour('fd88::1'))
    send_six('router advertisement', advertisement)
`;

const listener = `
import re, socket, time
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
raw.bind(('eth0', 0x0003))
raw.settimeout(0.2)
print('ready', flush=True)
names, until, quiet = set(), time.time() + 20, 0
while time.time() < until and quiet < 8:
    try:
        found = re.search(b'<([a-z0-9, ]+)>', raw.recv(2048))
        if found: names.add(found.group(1).decode())
    except TimeoutError:
        quiet += 1 if names else 0
print(','.join('[' + name + ']' for name in sorted(names)), flush=True)
`;

const network = {
  cniVersion: '1.0.0',
  name: 'net',
  type: 'bridge',
  bridge: 'kd0',
  isGateway: true,
  ipam: {
    type: 'host-local',
    ranges: [[{ subnet: '10.88.0.0/16' }], [{ subnet: 'fd88::/64' }]],
    routes: [{ dst: '0.0.0.0/0' }],
  },
};

interface Link {
  readonly address: string;
  readonly addr_info: readonly { readonly local: string; readonly scope: string }[];
}

/** Which frames of the first container reach the second. */
async function heard(world: World, other: string): Promise<readonly string[]> {
  const [link] = JSON.parse(world.ipInside('-j', 'address', 'show', 'eth0')) as Link[];
  const local = link?.addr_info.find(({ scope }) => scope === 'link')?.local ?? 'fe80::1';
  const child = spawn('ip', ['netns', 'exec', other, 'python3', '-c', listener]);
  const chunks: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
  const ended = once(child, 'close');
  await once(child.stdout, 'data');
  world.runInside('python3', '-c', sender, (link?.address ?? '').replaceAll(':', ''), local);
  await ended;
  return [...chunks.join('').matchAll(/\[([^\]]*)\]/g)].map(([, name = '']) => name);
}

const honest = ['ipv4, own', 'neighbour, own', 'own arp', 'own frame'];
const forged = [
  'arp, gateway',
  'arp, other link address',
  'ipv4, gateway',
  'neighbour, gateway',
  'other link address',
  'router advertisement',
];

for (const macspoofchk of [false, true]) {
  t.test(
    macspoofchk ? 'macspoofchk stops each of them' : 'without it they arrive',
    { skip },
    async (t) => {
      t.testdir({});
      const world = new World(t, 'ours');
      const other = world.addContainer(t);
      const config = { ...network, macspoofchk };
      t.match(world.call({ verb: 'ADD', config }), { exitCode: 0 });
      const environment = { CNI_CONTAINERID: 'container-2', CNI_NETNS: `/run/netns/${other}` };
      t.match(world.call({ verb: 'ADD', config: network, environment }), { exitCode: 0 });
      const names = await heard(world, other);
      t.same(names.toSorted(), (macspoofchk ? honest : [...honest, ...forged]).toSorted());
      // CVE-2020-10749: the host, and containers with addresses of their own, hear no routers.
      t.notMatch(world.ip('-6', 'route'), /default/, 'the host has no new default route');
      t.notMatch(
        ip('-n', other, '-6', 'route'),
        /default.*proto ra/,
        'nor has the other container',
      );
      t.match(world.call({ verb: 'DEL', config }), { exitCode: 0 });
      t.notMatch(world.run('nft', 'list', 'ruleset'), /container-1/);
    },
  );
}
