import t from 'tap';
import { isKernelError, netlink } from '../../../src/index.ts';
import { skip, TestNamespace } from './namespace.ts';

const { link, address, route, neighbour } = netlink;

/** A namespace with eth0, up and with 10.0.0.2/24 and fd00::2/64. */
async function prepared(): Promise<{ space: TestNamespace; connection: netlink.Connection }> {
  const space = new TestNamespace();
  const connection = await netlink.open({ namespace: space.path });
  await link.create(connection, { kind: 'veth', name: 'eth0', up: true, peer: { name: 'p0' } });
  await link.setUp(connection, 'p0');
  await address.add(connection, { device: 'eth0', address: '10.0.0.2/24' });
  await address.add(connection, {
    device: 'eth0',
    address: 'fd00::2/64',
    noDuplicateDetection: true,
  });
  return { space, connection };
}

t.test('addresses, routes and neighbours', { skip }, async (t) => {
  t.test('addresses are those that ip shows', async (t) => {
    const { space, connection } = await prepared();
    using _space = space;
    using _connection = connection;
    await address.add(connection, {
      device: 'eth0',
      address: '10.0.0.3/24',
      broadcast: '10.0.0.255',
      label: 'eth0:1',
      validSeconds: 600,
      preferredSeconds: 300,
    });
    await address.add(connection, { device: 'eth0', address: '10.9.0.1', peer: '10.9.0.2/32' });
    await address.add(connection, { device: 'lo', address: '127.0.0.5/8' });
    const shown = space.ipJson('address', 'show', 'dev', 'eth0')[0]?.['addr_info'];
    t.match(shown, [
      { local: '10.0.0.2', prefixlen: 24, scope: 'global' },
      { local: '10.9.0.1', address: '10.9.0.2', prefixlen: 32 },
      { local: '10.0.0.3', broadcast: '10.0.0.255', label: 'eth0:1', valid_life_time: 600 },
      { local: 'fd00::2', prefixlen: 64, nodad: true },
      { family: 'inet6', scope: 'link' },
    ]);
    const ours = await address.list(connection, { device: 'eth0' });
    t.match(ours, [
      { family: 'ipv4', address: '10.0.0.2/24', scope: 'global' },
      { family: 'ipv4', address: '10.9.0.1', peer: '10.9.0.2/32' },
      { address: '10.0.0.3/24', label: 'eth0:1', validSeconds: 600, preferredSeconds: 300 },
      { family: 'ipv6', address: 'fd00::2/64', tentative: false },
      { family: 'ipv6', scope: 'link' },
    ]);
    const four = await address.list(connection, { family: 'ipv4' });
    t.same(
      four.filter(({ family }) => family !== 'ipv4'),
      [],
    );
    t.equal(four.length, 4);
    const [own] = await address.list(connection, { device: 'lo', family: 'ipv4' });
    t.match(own, { address: '127.0.0.5/8', scope: 'host' });
  });

  t.test('add refuses what is there, replace does not, remove is idempotent', async (t) => {
    const { space, connection } = await prepared();
    using _space = space;
    using _connection = connection;
    const one = { device: 'eth0', address: '10.0.0.2/24' };
    const refused = await address.add(connection, one).catch((error: unknown) => error);
    t.ok(isKernelError(refused, 'EEXIST'));
    t.match(String(refused), /RTM_NEWADDR 10.0.0.2\/24 on index \d+: EEXIST \(.*already assigned/);
    await address.replace(connection, { ...one, validSeconds: 60, preferredSeconds: 60 });
    t.match(await address.list(connection, { device: 'eth0', family: 'ipv4' }), [
      { validSeconds: 60 },
    ]);
    t.equal(await address.remove(connection, one), true);
    t.equal(await address.remove(connection, one), false);
    await t.rejects(address.add(connection, { device: 'eth0', address: '10.0.0.2/33' }), {
      name: 'DomainError',
    });
    await t.rejects(address.add(connection, { device: 'none', address: '10.0.0.2/32' }), {
      code: 'ENODEV',
    });
  });

  t.test('routes are those that ip shows', async (t) => {
    const { space, connection } = await prepared();
    using _space = space;
    using _connection = connection;
    const index = await link.indexOf(connection, 'eth0');
    await route.add(connection, { to: 'default', via: '10.0.0.1' });
    await route.add(connection, { to: '10.1.0.0/16', device: 'eth0', metric: 50, protocol: 222 });
    await route.add(connection, {
      to: '10.2.0.0/16',
      via: '192.0.2.1',
      device: 'eth0',
      onLink: true,
      source: '10.0.0.2',
      metrics: { mtu: 1400 },
    });
    await route.add(connection, { to: '10.3.0.0/16', type: 'blackhole' });
    await route.add(connection, {
      to: '10.4.0.0/16',
      nextHops: [
        { via: '10.0.0.10', weight: 1 },
        { via: '10.0.0.11', weight: 3, index },
      ],
    });
    await route.add(connection, { to: '10.5.0.0/16', via: 'fd00::1', device: 'eth0' });
    await route.add(connection, { to: '10.6.0.0/16', device: 'eth0', table: 5000 });
    await route.add(connection, { to: 'fd01::/48', via: 'fd00::1' });
    t.match(space.ipJson('route', 'show'), [
      { dst: 'default', gateway: '10.0.0.1', dev: 'eth0' },
      { dst: '10.0.0.0/24', protocol: 'kernel', prefsrc: '10.0.0.2' },
      { dst: '10.1.0.0/16', dev: 'eth0', metric: 50, protocol: '222', scope: 'link' },
      {
        dst: '10.2.0.0/16',
        gateway: '192.0.2.1',
        prefsrc: '10.0.0.2',
        flags: ['onlink'],
        metrics: [{ mtu: 1400 }],
      },
      { type: 'blackhole', dst: '10.3.0.0/16' },
      {
        dst: '10.4.0.0/16',
        nexthops: [
          { gateway: '10.0.0.10', weight: 1 },
          { gateway: '10.0.0.11', weight: 3 },
        ],
      },
      { dst: '10.5.0.0/16', via: { family: 'inet6', host: 'fd00::1' } },
    ]);
    t.match(await route.list(connection, { family: 'ipv4' }), [
      { to: 'default', via: '10.0.0.1', index },
      { to: '10.0.0.0/24', protocol: 'kernel', source: '10.0.0.2', scope: 'link' },
      { to: '10.1.0.0/16', index, metric: 50, protocol: 222 },
      { to: '10.2.0.0/16', via: '192.0.2.1', onLink: true, metrics: { mtu: 1400 } },
      { to: '10.3.0.0/16', type: 'blackhole' },
      {
        to: '10.4.0.0/16',
        nextHops: [
          { via: '10.0.0.10', weight: 1, index },
          { via: '10.0.0.11', weight: 3, index },
        ],
      },
      { to: '10.5.0.0/16', via: 'fd00::1' },
    ]);
    t.match(await route.list(connection, { table: 5000 }), [{ to: '10.6.0.0/16', table: 5000 }]);
    t.same(await route.list(connection, { table: 6000 }), []);
    t.match(await route.list(connection, { protocol: 222 }), [{ to: '10.1.0.0/16' }]);
    const six = await route.list(connection, { family: 'ipv6' });
    t.ok(six.some(({ to, via }) => to === 'fd01::/48' && via === 'fd00::1'));
    t.match(await route.get(connection, '10.2.3.4'), { via: '192.0.2.1', index });
    await t.rejects(route.get(connection, '2001:db8::1'), { code: 'ENETUNREACH' });
  });

  t.test('replace changes a route in place and remove is idempotent', async (t) => {
    const { space, connection } = await prepared();
    using _space = space;
    using _connection = connection;
    const one = { to: '10.1.0.0/16', via: '10.0.0.1' };
    await route.replace(connection, one);
    await t.rejects(route.add(connection, one), { code: 'EEXIST' });
    await route.replace(connection, { ...one, via: '10.0.0.9' });
    t.match(space.ipJson('route', 'show', '10.1.0.0/16'), [{ gateway: '10.0.0.9' }]);
    await t.rejects(route.add(connection, { to: '10.7.0.0/16', via: '198.51.100.1' }), {
      message: /ENETUNREACH \(Nexthop has invalid gateway\)/,
    });
    t.equal(await route.remove(connection, { to: '10.1.0.0/16' }), true);
    t.equal(await route.remove(connection, { to: '10.1.0.0/16' }), false);
    await t.rejects(route.add(connection, { to: 'default', device: 'eth0' }), /needs a gateway/);
    await route.add(connection, { to: 'default', family: 'ipv6', device: 'eth0' });
  });

  t.test('neighbours are those that ip shows', async (t) => {
    const { space, connection } = await prepared();
    using _space = space;
    using _connection = connection;
    const linkAddress = '02:00:00:00:00:09';
    await neighbour.add(connection, { device: 'eth0', address: '10.0.0.9', linkAddress });
    await neighbour.add(connection, {
      device: 'eth0',
      address: 'fd00::9',
      linkAddress,
      state: 'reachable',
    });
    await t.rejects(
      neighbour.add(connection, { device: 'eth0', address: '10.0.0.9', linkAddress }),
      { code: 'EEXIST' },
    );
    const moved = { device: 'eth0', address: '10.0.0.9', linkAddress: '02:00:00:00:00:0a' };
    await neighbour.replace(connection, moved);
    t.match(space.ipJson('neighbour', 'show', 'to', '10.0.0.9'), [
      { dst: '10.0.0.9', lladdr: '02:00:00:00:00:0a', state: ['PERMANENT'] },
    ]);
    const all = await neighbour.list(connection, { device: 'eth0' });
    t.match(
      all.find(({ address: at }) => at === '10.0.0.9'),
      { state: 'permanent', linkAddress: '02:00:00:00:00:0a' },
    );
    t.match(
      all.find(({ address: at }) => at === 'fd00::9'),
      { family: 'ipv6', linkAddress },
    );
    t.equal(await neighbour.remove(connection, moved), true);
    t.equal(await neighbour.remove(connection, moved), false);
  });
});
