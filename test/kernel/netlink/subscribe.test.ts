import t from 'tap';
import { isKernelError, netlink } from '../../../src/index.ts';
import { skip, TestNamespace } from './namespace.ts';

const { link, qdisc, trafficClass, filter, fdb, namespaceId } = netlink;

t.setTimeout(60_000);

type Events = AsyncIterableIterator<netlink.RouteEvent | netlink.Resync>;

/** The next events that are described, up to a number of them. */
async function described(
  events: Events,
  count: number,
  describe: (event: netlink.RouteEvent) => string | undefined,
): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) {
    const text = event.kind === 'resync' ? undefined : describe(event);
    if (text !== undefined) seen.push(text);
    if (seen.length === count) break;
  }
  return seen;
}

async function withDevice(space: TestNamespace): Promise<netlink.Connection> {
  const connection = await netlink.open({ namespace: space.path });
  await link.create(connection, { kind: 'veth', name: 'eth0', up: true, peer: { name: 'p0' } });
  return connection;
}

t.test('what is told of by the kernel', { skip }, async (t) => {
  t.test('queues, classes and filters, as tc monitor shows them', async (t) => {
    using space = new TestNamespace();
    using connection = await withDevice(space);
    const index = await link.indexOf(connection, 'eth0');
    await using events = await netlink.subscribe(['trafficControl'], { namespace: space.path });
    await qdisc.add(connection, { device: 'eth0', kind: 'htb', handle: '1:' });
    const own = { device: 'eth0', parent: '1:', handle: '1:10', rateBytes: 125_000 } as const;
    await trafficClass.add(connection, own);
    const rule = {
      device: 'eth0',
      parent: '1:',
      priority: 5,
      kind: 'u32',
      classId: '1:10',
    } as const;
    const filters = await filter.add(connection, rule).then(
      () => true,
      (error: unknown) => {
        if (isKernelError(error, 'ENOENT', 'EOPNOTSUPP')) return false;
        throw error;
      },
    );
    await qdisc.remove(connection, 'eth0', 'root');
    const wanted = [
      'new qdisc htb 1:',
      'new class htb 1:10',
      ...(filters ? ['new filter u32'] : []),
      'removed qdisc htb 1:',
    ];
    const seen = await described(events, wanted.length, (event) => {
      switch (event.kind) {
        case 'qdisc':
          if (event.qdisc.index !== index || event.qdisc.kind !== 'htb') return undefined;
          return `${event.action} qdisc htb ${event.qdisc.handle}`;
        case 'class':
          return `${event.action} class ${event.class.kind} ${event.class.handle}`;
        case 'filter':
          return event.action === 'new' ? `new filter ${event.filter.kind}` : undefined;
        default:
          t.fail(`told of ${event.kind}`);
          return undefined;
      }
    });
    t.same([...new Set(seen)], wanted);
  });

  t.test('entries of a bridge are no neighbours, and neighbours are no entries', async (t) => {
    using space = new TestNamespace();
    using connection = await withDevice(space);
    await link.create(connection, { kind: 'bridge', name: 'br0', up: true });
    await link.setMaster(connection, 'eth0', 'br0');
    const namespace = space.path;
    await using entries = await netlink.subscribe(['fdb'], { namespace });
    await using neighbours = await netlink.subscribe(['neighbour'], { namespace });
    const linkAddress = '02:00:00:00:00:42';
    const entry = { device: 'eth0', linkAddress, owner: 'master', state: 'static' } as const;
    const neighbour = { device: 'br0', address: '10.0.0.9', linkAddress };
    await fdb.add(connection, entry);
    await netlink.neighbour.add(connection, neighbour);
    await fdb.remove(connection, entry);
    const ofEntries = await described(entries, 2, (event) =>
      event.kind === 'fdb' && event.fdb.linkAddress !== linkAddress
        ? undefined
        : `${event.action} ${event.kind}`,
    );
    t.same(ofEntries, ['new fdb', 'removed fdb']);
    const ofNeighbours = await described(neighbours, 1, (event) =>
      event.kind === 'neighbour' && event.neighbour.address !== neighbour.address
        ? undefined
        : `${event.action} ${event.kind}`,
    );
    t.same(ofNeighbours, ['new neighbour']);
  });

  t.test('numbers that namespaces are given', async (t) => {
    using space = new TestNamespace();
    using other = new TestNamespace();
    using connection = await netlink.open({ namespace: space.path });
    await using events = await netlink.subscribe(['namespaceId'], { namespace: space.path });
    await namespaceId.assign(connection, other.path, 77);
    const seen = await described(events, 1, (event) =>
      event.kind === 'namespaceId' ? `${event.action} ${event.namespaceId}` : undefined,
    );
    t.same(seen, ['new 77']);
  });
});
