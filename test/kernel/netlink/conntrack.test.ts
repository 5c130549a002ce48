import { spawnSync } from 'node:child_process';
import t from 'tap';
import { isDomainError, netlink } from '../../../src/index.ts';
import { skip, TestNamespace } from './namespace.ts';

const { conntrack, generic, nftables } = netlink;

const hasConntrack = spawnSync('conntrack', ['--version']).status === 0;
const skipReason = skip || (hasConntrack ? false : 'conntrack is not installed');

const inet = { family: 'inet', table: 'keelson' } as const;

/** A namespace that follows connections, and has some over UDP to itself. */
async function prepared(space: TestNamespace): Promise<netlink.Connection> {
  space.ip('link', 'set', 'lo', 'up');
  space.ip('address', 'add', '10.0.0.1/32', 'dev', 'lo');
  space.ip('address', 'add', 'fd00::1/128', 'dev', 'lo');
  const connection = await netlink.open({ namespace: space.path, protocol: 'netfilter' });
  const { statement } = nftables;
  await nftables.commit(connection, [
    nftables.addTable(inet),
    nftables.addChain({
      ...inet,
      chain: 'output',
      base: { type: 'filter', hook: 'output', priority: 0 },
    }),
    nftables.addRule({
      ...inet,
      chain: 'output',
      expressions: [statement.connectionState('new'), statement.verdict('accept')],
    }),
  ]);
  const script = `
    for port in 53 54 55; do echo x > /dev/udp/10.0.0.1/$port; done
    echo x > /dev/udp/fd00::1/53; true`;
  space.exec('bash', '-c', script);
  return connection;
}

t.test('connection tracking', { skip: skipReason }, async (t) => {
  t.test('connections are those that conntrack shows', async (t) => {
    using space = new TestNamespace();
    using connection = await prepared(space);
    const ours = await conntrack.list(connection);
    const shown = space.exec('conntrack', '-L', '-o', 'id').trim().split('\n');
    const six = space.exec('conntrack', '-L', '-f', 'ipv6', '-o', 'id').trim().split('\n');
    t.equal(ours.length, 4);
    for (const one of ours) {
      const { source, destination, sourcePort, destinationPort } = one.original;
      const line = [...shown, ...six].find((text) => text.includes(`id=${one.id}`)) ?? '';
      t.match(
        line,
        `src=${source} dst=${destination} sport=${sourcePort} dport=${destinationPort}`,
      );
      t.match(line, `src=${one.reply.source} dst=${one.reply.destination}`);
      t.ok(one.timeoutSeconds > 0);
      t.equal(one.protocol, 'udp');
    }
    const filtered = await conntrack.list(connection, {
      family: 'ipv4',
      protocol: 'udp',
      destination: '10.0.0.1',
      destinationPort: 54,
    });
    t.match(filtered, [{ original: { destinationPort: 54 }, reply: { source: '10.0.0.1' } }]);
    t.equal((await conntrack.list(connection, { destination: 'fd00:0::1' })).length, 1);
    t.same(await conntrack.list(connection, { mark: { value: 1, mask: 1 } }), []);
  });

  t.test('one is removed, the matching ones are, and what has ended is no error', async (t) => {
    using space = new TestNamespace();
    using connection = await prepared(space);
    const [one] = await conntrack.list(connection, { destinationPort: 54 });
    if (one === undefined) throw new Error('no connection to port 54');
    t.equal(await conntrack.remove(connection, one), true);
    t.equal(await conntrack.remove(connection, one), false);
    const filter = { destination: '10.0.0.1', protocol: 'udp' } as const;
    t.equal(await conntrack.removeMatching(connection, filter), 2);
    t.equal(await conntrack.removeMatching(connection, filter), 0);
    t.equal(space.exec('conntrack', '-L', '-f', 'ipv4'), '');
    const left = await conntrack.list(connection);
    t.match(left, [{ family: 'ipv6' }]);
  });

  t.test('connections are told as they begin and end', async (t) => {
    using space = new TestNamespace();
    using connection = await prepared(space);
    await using events = await conntrack.subscribe({ namespace: space.path });
    space.exec('bash', '-c', 'echo x > /dev/udp/10.0.0.1/99');
    const filter = { destination: '10.0.0.1', destinationPort: 99 };
    t.equal(await conntrack.removeMatching(connection, filter), 1);
    const seen: string[] = [];
    for await (const event of events) {
      if (event.kind === 'resync') continue;
      const { destinationPort } = event.connection.original;
      if (destinationPort === 99) seen.push(event.action);
      if (event.action === 'removed') break;
    }
    t.same(seen, ['new', 'removed']);
  });
});

t.test('generic netlink families', async (t) => {
  using connection = await netlink.open({ protocol: 'generic' });
  const control = await generic.family(connection, 'nlctrl');
  t.match(control, { id: 16, name: 'nlctrl', groups: { notify: 16 } });
  const all = await generic.families(connection);
  t.ok(all.length > 1);
  for (const one of all) t.same(await generic.family(connection, one.name), one);
  const missing = await generic.family(connection, 'no-such').catch((error: unknown) => error);
  t.ok(isDomainError(missing, 'unsupported'));
  const request = generic.command(control, 255);
  await t.rejects(connection.transact(request), { code: 'EOPNOTSUPP', call: 'nlctrl command 255' });
});
