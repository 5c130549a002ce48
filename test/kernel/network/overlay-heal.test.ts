import { once } from 'node:events';
import { createInterface } from 'node:readline';
import t from 'tap';
import { skip } from '../netlink/namespace.ts';
import { OverlayWorld, type TestPod, until } from './overlay-world.ts';

t.setTimeout(240_000);

t.test('whatever happens to the tunnel, packets find their way again', { skip }, async (t) => {
  await using world = new OverlayWorld();
  const [one, two, three] = world.nodes;
  for (const node of world.nodes.slice(1)) world.agent(node);
  let agent = world.agent(one);
  for (const node of world.nodes) await world.attached(node);
  const [from, near, far] = [world.pod(one), world.pod(two), world.pod(three)];
  const host = world.namespaceOf(one);
  const both = async (to: TestPod) => {
    await world.reaches(from, to.ip4);
    await world.reaches(from, to.ip6);
  };
  await both(near);
  await both(far);
  using flow = await openFlow(world, from, near);

  await t.test('the device is deleted', async (t) => {
    const before = indexOf(world, host);
    world.ip(one, 'link', 'delete', 'keelson.vx');
    await both(near);
    await both(far);
    t.not(indexOf(world, host), before);
    t.equal(await flow.ask('after the device'), 'after the device', 'the connection lives on');
  });

  await t.test('the device is taken down, or changed', async (t) => {
    world.ip(one, 'link', 'set', 'keelson.vx', 'down');
    await both(near);
    world.ip(one, 'link', 'set', 'keelson.vx', 'mtu', '1280');
    world.ip(one, 'link', 'set', 'keelson.vx', 'address', '02:00:00:00:00:01');
    const shown = () => world.ip(one, 'link', 'show', 'keelson.vx');
    await until('the MTU is right', () => / mtu 1450 /.test(shown()));
    await both(near);
    t.equal(await flow.ask('changed'), 'changed');
  });

  await t.test('entries go missing', async (t) => {
    world.ip(one, 'route', 'delete', '10.244.12.0/24');
    world.ip(one, 'route', 'delete', 'fd44:0:0:12::/64');
    await both(near);
    world.ip(one, 'neighbour', 'flush', 'dev', 'keelson.vx', 'nud', 'permanent');
    await both(near);
    const [mac = ''] = /^\S+(?= dst 192.168.61.12)/m.exec(fdb(world, host)) ?? [];
    world.exec(host, 'bridge', 'fdb', 'delete', mac, 'dev', 'keelson.vx', 'dst', '192.168.61.12');
    await both(near);
    world.ip(one, 'address', 'flush', 'dev', 'keelson.vx');
    await until('the device has its addresses', () => /10.244.11.0\/32/.test(addresses()));
    t.equal(await flow.ask('missing'), 'missing');
    function addresses(): string {
      return world.ip(one, 'address', 'show', 'dev', 'keelson.vx');
    }
  });

  await t.test('stale entries are taken away, those of others are not', async (t) => {
    const stale = ['via', '10.244.99.0', 'dev', 'keelson.vx', 'onlink', 'proto', '117'];
    world.ip(one, 'route', 'add', '10.244.99.0/24', ...stale);
    world.ip(one, 'route', 'add', '10.98.0.0/24', 'via', '192.168.61.1');
    const neighbour = ['10.244.99.0', 'lladdr', '02:00:00:00:00:99', 'dev', 'keelson.vx'];
    world.ip(one, 'neighbour', 'add', ...neighbour, 'nud', 'permanent');
    const entry = ['02:00:00:00:00:99', 'dev', 'keelson.vx', 'dst', '192.168.61.99'];
    world.exec(host, 'bridge', 'fdb', 'add', ...entry);
    const remains = () =>
      [world.ip(one, 'route'), world.ip(one, 'neighbour'), fdb(world, host)]
        .join('\n')
        .match(/10.244.99.0|192.168.61.99/);
    await until('the stale entries are gone', () => remains() === null);
    t.match(world.ip(one, 'route'), '10.98.0.0/24');
    t.equal(await flow.ask('stale'), 'stale');
  });

  await t.test('somebody flushes all rules', async (t) => {
    const tables = ['keelson_overlay', 'keelson_outgoing'];
    const rules = () => tables.map((table) => listTable(world, host, table)).join('');
    const before = rules();
    world.exec(host, 'nft', 'flush', 'ruleset');
    await until('the rules are back', () => rules() === before);
    world.exec(host, 'nft', 'flush', 'chain', 'inet', 'keelson_overlay', 'input');
    await until('the chain is whole', () => rules() === before);
    const set = ['inet', 'keelson_overlay', 'peers4', '{', '10.9.9.9', '}'];
    world.exec(host, 'nft', 'add', 'element', ...set);
    await until('the set is right', () => rules() === before);
    t.equal(await flow.ask('rules'), 'rules');
  });

  await t.test('a node leaves, and comes again at another address', async (t) => {
    world.writeNodes([one, two]);
    await until('its route is gone', () => !/10.244.13.0\/24/.test(world.ip(one, 'route')));
    await until('its forwarding is gone', () => !/192.168.62.13/.test(fdb(world, host)));
    t.equal(await flow.ask('without it'), 'without it', 'nobody else notices');
    world.ip(three, 'address', 'delete', '192.168.62.13/24', 'dev', 'eth0');
    world.ip(three, 'address', 'add', '192.168.62.77/24', 'dev', 'eth0');
    world.ip(three, 'route', 'replace', 'default', 'via', '192.168.62.1');
    world.writeNodes(world.nodes, new Map([['host03', ['192.168.62.77', 'fd62::13']]]));
    await both(far);
    t.match(fdb(world, host), '192.168.62.77');
    t.equal(await flow.ask('with it'), 'with it');
  });

  await t.test('the agent is killed, misses everything, and is started again', async (t) => {
    agent.kill('SIGKILL');
    await once(agent, 'exit');
    await both(near);
    world.ip(one, 'route', 'delete', '10.244.12.0/24');
    world.ip(one, 'link', 'delete', 'keelson.vx');
    world.exec(host, 'nft', 'delete', 'table', 'inet', 'keelson_overlay');
    agent = world.agent(one);
    await both(near);
    await both(far);
    await until('the guard is back', () =>
      world.exec(host, 'nft', 'list', 'tables').includes('keelson_overlay'),
    );
    t.equal(await flow.ask('restarted'), 'restarted');
  });

  await t.test('an agent that starts where all is right touches nothing', async (t) => {
    agent.kill('SIGTERM');
    await once(agent, 'exit');
    const before = state();
    using monitor = world.watch(host);
    agent = await world.agentAgain(one);
    t.same(state(), before);
    t.equal(
      monitor
        .lines()
        .filter((line) => /keelson.vx|proto 117/.test(line))
        .join('\n'),
      '',
    );
    function state(): string[] {
      return [world.ip(one, 'route'), world.ip(one, '-6', 'route'), fdb(world, host)];
    }
  });
});

function indexOf(world: OverlayWorld, host: string): string {
  return world.exec(host, 'cat', '/sys/class/net/keelson.vx/ifindex').trim();
}

function fdb(world: OverlayWorld, host: string): string {
  return world.exec(host, 'bridge', 'fdb', 'show', 'dev', 'keelson.vx');
}

function listTable(world: OverlayWorld, host: string, table: string): string {
  const found = world.exec(host, 'nft', 'list', 'tables').includes(table);
  return found ? world.exec(host, 'nft', 'list', 'table', 'inet', table) : '';
}

/** One TCP connection from pod to pod, whose other end says everything again. */
async function openFlow(world: OverlayWorld, from: TestPod, to: TestPod) {
  const server = world.spawn(to.namespace, 'socat', 'TCP-LISTEN:7000,reuseaddr', 'EXEC:cat');
  const listens = () => world.exec(to.namespace, 'ss', '-ltn').includes(':7000');
  await until('the server listens', listens);
  const client = world.spawn(from.namespace, 'socat', '-', `TCP:${to.ip4}:7000`);
  if (client.stdout === null || client.stdin === null) throw new Error('no pipes');
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  return {
    async ask(words: string): Promise<string> {
      client.stdin?.write(`${words}\n`);
      return String((await lines.next()).value);
    },
    [Symbol.dispose]() {
      client.kill('SIGKILL');
      server.kill('SIGKILL');
    },
  };
}
