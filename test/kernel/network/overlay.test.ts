import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { skip } from '../netlink/namespace.ts';
import { OverlayWorld, type TestPod, until } from './overlay-world.ts';

t.setTimeout(240_000);

for (const mode of ['vxlan', 'routed']) {
  t.test(`pods of three nodes and two subnets reach each other, ${mode}`, { skip }, async (t) => {
    await using world = new OverlayWorld();
    await world.start(['--mode', mode]);
    const pods = world.nodes.map((node) => world.pod(node));
    for (const from of pods) {
      for (const to of pods) {
        await world.reaches(from, to.ip4);
        await world.reaches(from, to.ip6);
      }
    }
    const [one, two, three] = pods as [TestPod, TestPod, TestPod];
    // As large as the pod's link lets through, and not to be cut into pieces.
    for (const to of [two, three]) {
      await world.reaches(one, to.ip4, '-M', 'do', '-s', '1422');
      await world.reaches(one, to.ip6, '-M', 'do', '-s', '1402');
    }
    for (const to of [two.ip4, three.ip4, two.ip6, three.ip6]) {
      await world.reaches(world.namespaceOf(one.node), to);
    }
    for (const to of [two, three]) {
      t.equal(await echoed(world, one, to, to.ip4), million);
      t.equal(await echoed(world, one, to, `[${to.ip6}]`), million);
    }
    const routes = world.ip(one.node, 'route');
    const direct = mode === 'routed' ? /12.0\/24 via 192.168.61.12/ : /12.0\/24 .*keelson.vx/;
    t.match(routes, direct);
    t.match(routes, /13.0\/24 .*keelson.vx/);
  });
}

for (const attach of ['bridge', 'proxy']) {
  t.test(`pods may be attached by ${attach}`, { skip }, async (t) => {
    await using world = new OverlayWorld();
    const [one, two] = world.nodes;
    for (const node of [one, two]) world.agent(node, ['--attach', attach]);
    for (const node of [one, two]) await world.attached(node);
    const [first, second, other] = [world.pod(one), world.pod(one), world.pod(two)];
    for (const to of [second, other]) {
      await world.reaches(first, to.ip4);
      await world.reaches(first, to.ip6);
    }
    await world.reaches(world.namespaceOf(two), first.ip4);
    await world.reaches(first, '192.168.61.1');
    world.plugin(one, 'CHECK', first.namespace);
    const length = attach === 'proxy' ? '/32' : '/24';
    t.match(world.exec(first.namespace, 'ip', 'address'), `${first.ip4}${length}`);
    world.plugin(one, 'DEL', second.namespace);
    t.notMatch(world.exec(second.namespace, 'ip', 'address'), second.ip4);
    const { ip4 } = world.pod(one);
    t.not(ip4, first.ip4);
  });
}

t.test('a network changes its mode, and its size with the underlay', { skip }, async (t) => {
  await using world = new OverlayWorld({ mtu: 1400 });
  const [one, two] = world.nodes;
  world.writeNodes([one, two]);
  const agents = [one, two].map((node) => world.agent(node));
  for (const node of [one, two]) await world.attached(node);
  const [pod, other] = [world.pod(one), world.pod(two)];
  await world.reaches(pod, other.ip4);
  t.match(world.exec(pod.namespace, 'ip', 'link'), / mtu 1350 /);
  const shown = () => world.ip(one, 'link', 'show', 'keelson.vx');
  t.match(shown(), / mtu 1350 /);
  world.ip(one, 'link', 'set', 'eth0', 'mtu', '1300');
  await until('the device is smaller', () => / mtu 1250 /.test(shown()));
  for (const agent of agents) {
    agent.kill('SIGTERM');
    await once(agent, 'exit');
  }
  for (const node of [one, two]) await world.agentAgain(node, ['--mode', 'routed']);
  t.notMatch(world.ip(one, 'link', 'show'), 'keelson.vx');
  t.match(world.ip(one, 'route'), /12.0\/24 via 192.168.61.12 dev eth0/);
  await world.reaches(pod, other.ip4);
  await world.reaches(pod, other.ip6);
  // A link that goes down takes all routes that lead out of it along, and brings none back.
  world.ip(one, 'link', 'set', 'eth0', 'down');
  t.notMatch(world.ip(one, 'route'), '192.168.61.12');
  world.ip(one, 'link', 'set', 'eth0', 'up');
  await world.reaches(pod, other.ip4);
});

t.test('without a range there is no network, and the plugin says why', { skip }, async (t) => {
  await using world = new OverlayWorld();
  const [one] = world.nodes;
  world.writeNodes(world.nodes.slice(1));
  world.agent(one);
  world.writeNodes();
  await world.attached(one);
  writeFileSync(join(world.folderOf(one), 'run', 'network.json'), '{"ranges":[]}');
  t.throws(() => world.pod(one), { message: /Field \\"ranges\\"|is empty/ });
});

const million = 1_000_000;

/** How many of a million bytes come back over TCP. */
// oxlint-disable-next-line max-params -- where, from whom, to whom, by which address
async function echoed(world: OverlayWorld, from: TestPod, to: TestPod, address: string) {
  const family = address.startsWith('[') ? 'TCP6' : 'TCP4';
  const server = world.spawn(to.namespace, 'socat', `${family}-LISTEN:7000,reuseaddr`, 'EXEC:cat');
  const listens = () => world.exec(to.namespace, 'ss', '-ltn').includes(':7000');
  await until('the server listens', listens);
  const client = world.spawn(from.namespace, 'socat', '-t', '60', '-', `${family}:${address}:7000`);
  if (client.stdout === null || client.stdin === null) throw new Error('no pipes');
  client.stdin.end('x'.repeat(million));
  const answer = await text(client.stdout);
  if (server.exitCode === null) await once(server, 'exit');
  return answer.length;
}
