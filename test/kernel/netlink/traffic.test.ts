import t from 'tap';
import { netlink } from '../../../src/index.ts';
import { skip, TestNamespace } from './namespace.ts';

const { link, qdisc, trafficClass, filter } = netlink;

type Shown = Record<string, unknown>;

function tc(space: TestNamespace, ...args: string[]): Shown[] {
  return JSON.parse(space.exec('tc', '-j', '-d', ...args)) as Shown[];
}

async function prepared(space: TestNamespace): Promise<netlink.Connection> {
  const connection = await netlink.open({ namespace: space.path });
  await link.create(connection, { kind: 'veth', name: 'v0', up: true, peer: { name: 'v1' } });
  await link.create(connection, { kind: 'ifb', name: 'ifb0', up: true });
  return connection;
}

t.test('traffic control', { skip }, async (t) => {
  t.test('a token bucket has the rate, burst and limit that tc gives it', async (t) => {
    using space = new TestNamespace();
    using connection = await prepared(space);
    const rates = [125_000, 12_500_000, 125_000_000, 5_000_000_000];
    for (const rateBytes of rates) {
      const burstBytes = 256 * 1024;
      const options = { rateBytes, burstBytes, latencyMs: 20 };
      await qdisc.replace(connection, { device: 'v0', kind: 'tbf', options });
      const rate = `rate ${rateBytes}bps burst ${burstBytes} latency 20ms`;
      space.exec('tc', ...`qdisc replace dev ifb0 root tbf ${rate}`.split(' '));
      const [ours] = tc(space, 'qdisc', 'show', 'dev', 'v0');
      const [theirs] = tc(space, 'qdisc', 'show', 'dev', 'ifb0');
      t.same(ours?.['options'], theirs?.['options'], `${rateBytes} bytes a second`);
      const [own] = await qdisc.list(connection, 'v0');
      const [other] = await qdisc.list(connection, 'ifb0');
      t.same(own?.tbf, other?.tbf);
      t.equal(own?.tbf?.rateBytes, rateBytes);
      const burst = own?.tbf?.burstBytes ?? 0;
      t.ok(Math.abs(burst - burstBytes) < burstBytes / 50, `${burst} of ${burstBytes}`);
    }
    t.match(await qdisc.list(connection, 'v0'), [{ kind: 'tbf', parent: 'root' }]);
    t.equal(await qdisc.remove(connection, 'v0'), true);
    t.equal(await qdisc.remove(connection, 'v0'), false);
  });

  t.test('classes have what tc gives them, and change live', async (t) => {
    using space = new TestNamespace();
    using connection = await prepared(space);
    await qdisc.add(connection, {
      device: 'v0',
      kind: 'htb',
      handle: '1:',
      options: { defaultClass: 0x20 },
    });
    space.exec('tc', ...'qdisc add dev ifb0 root handle 1: htb default 20'.split(' '));
    const one = { device: 'v0', parent: '1:', handle: '1:20', rateBytes: 1_250_000 };
    await trafficClass.add(connection, { ...one, ceilBytes: 2_500_000, priority: 3 });
    const command = 'class add dev ifb0 parent 1: classid 1:20 htb rate 1250000bps';
    space.exec('tc', ...command.split(' '), ...'ceil 2500000bps prio 3'.split(' '));
    const shown = (device: string) => space.exec('tc', '-d', 'class', 'show', 'dev', device);
    t.equal(shown('v0'), shown('ifb0'));
    t.match(await qdisc.list(connection, 'v0'), [
      { kind: 'htb', handle: '1:', htb: { defaultClass: 0x20 } },
    ]);
    t.match(await trafficClass.list(connection, 'v0'), [
      {
        handle: '1:20',
        htb: { rateBytes: 1_250_000, ceilBytes: 2_500_000, priority: 3 },
        statistics: { drops: 0 },
      },
    ]);
    await t.rejects(trafficClass.add(connection, one), { code: 'EEXIST' });
    await trafficClass.replace(connection, { ...one, rateBytes: 5_000_000_000 });
    t.match(await trafficClass.list(connection, 'v0'), [{ htb: { rateBytes: 5_000_000_000 } }]);
    t.equal(await trafficClass.remove(connection, 'v0', '1:20'), true);
    t.equal(await trafficClass.remove(connection, 'v0', '1:20'), false);
  });

  t.test('packets that arrive are redirected to an ifb', async (t) => {
    using space = new TestNamespace();
    using connection = await prepared(space);
    const index = await link.indexOf(connection, 'ifb0');
    await link.setUp(connection, 'v1');
    await qdisc.add(connection, { device: 'v0', kind: 'ingress' });
    await filter.add(connection, {
      device: 'v0',
      parent: 'ffff:',
      priority: 1,
      kind: 'u32',
      action: { kind: 'mirred', mode: 'redirect', index },
    });
    const options = { rateBytes: 1_000_000, burstBytes: 100_000 };
    await qdisc.add(connection, { device: 'ifb0', kind: 'tbf', options });
    const filters = await filter.list(connection, 'v0', 'ffff:');
    t.match(filters.at(-1), { kind: 'u32', priority: 1, protocol: 3, parent: 'ffff:' });
    t.same(filters.at(-1)?.actions, [
      { kind: 'mirred', mode: 'redirect', direction: 'egress', index },
    ]);
    await netlink.address.add(connection, { device: 'v1', address: '10.0.0.1/24' });
    space.exec('bash', '-c', 'for i in 1 2 3; do echo x > /dev/udp/10.0.0.9/9; done; true');
    await netlink.neighbour.replace(connection, {
      device: 'v1',
      address: '10.0.0.8',
      linkAddress: '02:00:00:00:00:08',
    });
    space.exec('bash', '-c', 'for i in 1 2 3; do echo x > /dev/udp/10.0.0.8/9; done; true');
    const [bucket] = await qdisc.list(connection, 'ifb0');
    t.ok((bucket?.statistics?.packets ?? 0) >= 3, `${bucket?.statistics?.packets} packets passed`);
    t.equal(await filter.remove(connection, { device: 'v0', parent: 'ffff:', priority: 1 }), true);
    t.equal(await filter.remove(connection, { device: 'v0', parent: 'ffff:', priority: 1 }), false);
    t.equal(await qdisc.remove(connection, 'v0', 'ingress'), true);
  });

  t.test('a key matches bytes of the packet', async (t) => {
    using space = new TestNamespace();
    using connection = await prepared(space);
    const index = await link.indexOf(connection, 'ifb0');
    await qdisc.add(connection, { device: 'v0', kind: 'clsact' });
    const action = { kind: 'mirred', mode: 'mirror', direction: 'ingress', index } as const;
    await filter.add(connection, {
      device: 'v0',
      parent: 'ffff:fff2',
      priority: 5,
      protocol: 0x0800,
      kind: 'u32',
      keys: [{ value: 0x0a000008, mask: 0xffffffff, offset: 16 }],
      action,
    });
    const shown = space.exec('tc', ...'filter show dev v0 parent ffff:fff2'.split(' '));
    t.match(shown, /match 0a000008\/ffffffff at 16/);
    t.match(shown, /mirred \(Ingress Mirror to device ifb0\) pipe/);
    const filters = await filter.list(connection, 'v0', 'ffff:fff2');
    t.same(filters.at(-1)?.actions, [action]);
  });

  t.test('what the kernel lacks or refuses has its words', async (t) => {
    using space = new TestNamespace();
    using connection = await prepared(space);
    const options = { rateBytes: 1000, burstBytes: 10 };
    await t.rejects(
      qdisc.add(connection, { device: 'v0', parent: '7:', kind: 'tbf', options }),
      /RTM_NEWQDISC tbf none at 7: of index \d+: E/,
    );
    await t.rejects(qdisc.add(connection, { device: 'v0', handle: 'x:y:', kind: 'htb' }), {
      name: 'DomainError',
    });
    await qdisc.add(connection, { device: 'v0', kind: 'ingress' });
    const matchAll = { device: 'v0', parent: 'ffff:', priority: 1, kind: 'matchall' } as const;
    const outcome = await filter.add(connection, matchAll).then(
      () => 'made',
      (error: Error) => error.message,
    );
    t.match(outcome, /^made$|ENOENT \(TC classifier not found\)/);
  });
});
