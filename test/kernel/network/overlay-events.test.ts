/**
 * The overlay looks at everything every ten seconds, so that other tests would pass without its
 * events, only later. Here it is they alone that tell.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import t from 'tap';
import { until } from '../../until.ts';
import { skip, TestNamespace } from '../netlink/namespace.ts';
import { scratch } from '../scratch.ts';

t.setTimeout(120_000);

const follower = new URL('follow-here.ts', import.meta.url).pathname;

/** Shell words after `ip -n NAMESPACE`, or after `bridge` where they begin so; and who is told. */
const harm: readonly (readonly [command: string, told: string])[] = [
  ['link set keelson.vx mtu 1280', 'link'],
  ['link set keelson.vx address 02:00:00:00:00:01', 'link'],
  ['neighbour add 10.244.9.0 lladdr 02:00:00:00:00:09 dev keelson.vx nud permanent', 'neighbour'],
  ['neighbour delete 10.244.9.0 dev keelson.vx', 'neighbour'],
  ['bridge fdb add 02:00:00:00:00:09 dev keelson.vx dst 192.168.61.9', 'neighbour'],
  ['bridge fdb delete 02:00:00:00:00:09 dev keelson.vx dst 192.168.61.9', 'neighbour'],
  ['address add 10.244.1.0/32 dev keelson.vx', 'address'],
  ['address delete 10.244.1.0/32 dev keelson.vx', 'address'],
  ['address add 192.168.61.7/24 dev eth0', 'address'],
  ['route add 10.244.9.0/24 dev keelson.vx proto static', 'route'],
  ['route delete 10.244.9.0/24', 'route'],
  ['route add unreachable 10.244.1.0/24 metric 65535 proto 117', 'route'],
  ['route delete unreachable 10.244.1.0/24 metric 65535', 'route'],
  ['-6 route add fd44::/64 dev keelson.vx proto 117', 'route'],
  ['-6 route delete fd44::/64', 'route'],
  ['link set eth0 mtu 1400', 'link'],
  ['link set eth0 down', 'link'],
  ['link set eth0 up', 'link'],
  ['link delete eth0', 'link'],
  ['link set keelson.vx down', 'link'],
  ['link delete keelson.vx', 'link'],
];

/** What the pods of a node do all the time. */
const others = [
  'link add veth7 type veth peer veth8',
  'link set veth7 up',
  'address add 10.244.1.1/32 dev veth7',
  'route add 10.244.1.7/32 dev veth7',
  'neighbour add 10.244.1.7 lladdr 02:00:00:00:00:07 dev veth7',
  'link delete veth7',
];

function run(space: TestNamespace, line: string): void {
  const words = line.split(' ');
  if (words[0] === 'bridge') space.exec('bridge', ...words.slice(1));
  else space.ip(...words);
}

t.test(
  'whatever harms the overlay is told at once, and what pods do is not',
  { skip },
  async (t) => {
    using space = new TestNamespace();
    const indexOf = (name: string) => space.exec('cat', `/sys/class/net/${name}/ifindex`).trim();
    run(space, 'link add eth0 type veth peer eth1');
    run(space, 'link set eth0 up');
    run(space, 'link add keelson.vx type vxlan id 4097 dstport 4789 local 192.168.61.1 nolearning');
    run(space, 'link set keelson.vx up');
    const indexes = [indexOf('keelson.vx'), indexOf('eth0'), 'eth0'];
    const command = ['netns', 'exec', space.name, process.execPath, follower, ...indexes];
    const child = spawn('ip', command, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const told = async (): Promise<string> => String((await lines.next()).value);
    const followAnew = async (): Promise<void> => {
      child.stdin.write('\n');
      while ((await told()) !== 'ready');
    };
    await followAnew();
    for (const line of others) run(space, line);
    // The first word is of what comes last.
    run(space, 'route add unreachable 10.244.7.0/24 proto 117');
    t.equal(await told(), 'route', 'what pods do concerns nobody');
    for (const [line, what] of harm) {
      await followAnew();
      run(space, line);
      while ((await told()) !== what);
      t.pass(`${what}: ${line}`);
    }
    child.stdin.end();
    await once(child, 'exit');
  },
);

const look = `
  ip route
  ip neighbour show nud permanent
  bridge fdb show
  cat /sys/class/net/keelson.vx/mtu /sys/class/net/keelson.vx/address || true
  ip -brief link show keelson.vx | cut -d @ -f 2- | tr -s ' ' || true
  nft list ruleset`;

t.test('what was told of is mended, though nobody looks by himself', { skip }, async (t) => {
  using space = new TestNamespace();
  space.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'eth1');
  space.ip('link', 'set', 'eth1', 'up');
  space.ip('link', 'set', 'eth0', 'up');
  space.ip('address', 'add', '192.168.61.11/24', 'dev', 'eth0');
  const script = new URL('overlay-here.ts', import.meta.url).pathname;
  const command = ['netns', 'exec', space.name, process.execPath, script, scratch(t).path];
  const child = spawn('ip', command, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const state = (): string => space.exec('sh', '-c', look);
  const right = state();
  t.match(right, /10\.244\.12\.0\/24 via 10\.244\.12\.0 dev keelson\.vx/);
  for (const line of [
    'link delete keelson.vx',
    'link set keelson.vx down',
    'link set keelson.vx mtu 1280',
    'route delete 10.244.12.0/24',
    'route delete unreachable 10.244.11.0/24',
    'route add 10.244.77.0/24 dev keelson.vx proto 117',
    'neighbour flush dev keelson.vx nud permanent',
    'neighbour add 10.244.77.0 lladdr 02:00:00:00:00:77 dev keelson.vx nud permanent',
    'bridge fdb add 02:00:00:00:00:77 dev keelson.vx dst 192.168.61.77',
    'address flush dev keelson.vx',
    'address add 10.244.77.1/32 dev keelson.vx',
  ]) {
    run(space, line);
    await until(state, (seen) => seen === right);
    t.pass(line);
  }
  child.stdin.end();
  await once(child, 'exit');
});
