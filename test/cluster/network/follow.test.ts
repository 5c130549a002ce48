import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { netlink } from '../../../src/index.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { openLog } from '../../../src/base/log.ts';
import { resources } from '../../../src/api/client/resources.ts';
import { followClusterObjects, openClusterObjects } from '../../../src/network/cluster-objects.ts';
import {
  followRecords,
  loadRecords,
  saveRecords,
} from '../../../src/network/dns/follow-records.ts';
import { RecordStore } from '../../../src/network/dns/record-store.ts';
import { runServices } from '../../../src/network/services/run-services.ts';
import { skip, TestNamespace } from '../../kernel/netlink/namespace.ts';
import { until as untilSo } from '../../until.ts';
import { slice } from '../../unit/network/services/objects.ts';
import { ScratchServer } from '../apiserver/scratch-server.ts';

t.setTimeout(300_000);

const log = openLog('follow').child({}, { level: 'error' });
const { services, endpointSlices, nodes } = resources;
const web = { namespace: 'default', name: 'web' };

/** Fails by name after a time that only a machine that stands still takes. */
async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let attempt = 0; !isSo(); attempt++) {
    if (attempt === 1200) throw new Error(`not so in a minute: ${what}`);
    await delay(50);
  }
}

t.test('a node follows the coordinator', { skip }, async (t) => {
  using space = new TestNamespace();
  space.ip('link', 'set', 'lo', 'up');
  await using server = await ScratchServer.start();
  const client = server.client('node');
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const { signal } = stop;
  const objects = openClusterObjects({ client, clock: systemClock, log });
  const following = followClusterObjects(objects, signal);
  const recorded: string[] = [];
  const running = runServices({
    objects,
    nodeName: 'host01',
    log,
    signal,
    serviceCidrs: ['10.96.0.0/12'],
    namespace: space.path,
    ledger: {
      record: async (...changes) => {
        recorded.push(...changes.map(({ kind }) => kind));
        return Promise.resolve();
      },
    },
  });
  const elements = (set: string): string => {
    const kind = set === 'endpoints4' ? 'map' : 'set';
    const args = ['list', kind, 'inet', 'keelson-services', set];
    const listed = space.exec('nft', ...args).match(/elements = \{([^}]*)\}/);
    return (listed?.[1] ?? '').replaceAll(/\s+/g, ' ').trim();
  };
  const becomes = (set: string, wanted: string): Promise<void> =>
    until(`${set} is "${wanted}"`, () => {
      try {
        return elements(set) === wanted;
      } catch {
        return false;
      }
    });
  const store = new RecordStore();
  followRecords({ objects, store, log, signal });

  const spec = { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080, protocol: 'UDP' }] };
  const made = await client.create(services, { metadata: web, spec });
  const { clusterIP = '' } = made.spec;
  const frontend = `${clusterIP} . udp . 80`;
  await becomes('rejected4', frontend);
  t.same(recorded, ['table']);

  const ports = [{ name: '', protocol: 'UDP', port: 8080 }];
  const endpoints = { ...slice(['10.244.1.2'], { ports }), kind: 'EndpointSlice' } as const;
  const sliced = await client.create(endpointSlices, endpoints);
  await becomes('endpoints4', `${frontend} . 0x00000000 : 10.244.1.2 . 8080`);
  t.equal(elements('rejected4'), '');

  await client.create(nodes, {
    metadata: { name: 'host01' },
    spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] },
  });
  await becomes('pods4', '10.244.0.0/24');

  space.ip('link', 'add', 'up0', 'type', 'veth', 'peer', 'up1');
  space.ip('address', 'add', '192.0.2.7/24', 'dev', 'up0');
  await becomes('masquerade4', '192.0.2.7 . udp . 30080');
  space.ip('address', 'del', '192.0.2.7/24', 'dev', 'up0');
  await becomes('masquerade4', '');

  space.exec('nft', 'delete', 'table', 'inet', 'keelson-services');
  await becomes('endpoints4', `${frontend} . 0x00000000 : 10.244.1.2 . 8080`);
  space.exec('nft', 'flush', 'chain', 'inet', 'keelson-services', 'prerouting');
  await until('the chain is mended', () =>
    space.exec('nft', 'list', 'chain', 'inet', 'keelson-services', 'prerouting').includes('jump'),
  );

  using tracking = await netlink.open({ namespace: space.path, protocol: 'netfilter' });
  const flows = async (): Promise<number> => {
    const all = await netlink.conntrack.list(tracking, { protocol: 'udp' });
    return all.filter(({ original }) => original.destination === clusterIP).length;
  };
  sendOne(space, clusterIP);
  t.equal(await flows(), 1);

  await client.delete(endpointSlices, {
    namespace: 'default',
    name: sliced.metadata.name,
  });
  await until('it is refused', () => elements('rejected4').includes(frontend));
  await untilSo(flows, (left) => left === 0);
  await until('the name is known', () => store.get('default', 'web')?.addresses[0] === clusterIP);
  await client.delete(services, web);
  await becomes('rejected4', '');
  await until('the name is gone', () => store.get('default', 'web') === undefined);

  stop.abort();
  await Promise.all([following, running]);
  using connection = await netlink.open({ namespace: space.path, protocol: 'netfilter' });
  t.match(await netlink.nftables.listTables(connection), [{ table: 'keelson-services' }]);
});

/** One datagram to a Service, whose flow does not end by itself before the test does. */
function sendOne(space: TestNamespace, address: string): void {
  space.exec('sysctl', '-qw', 'net.netfilter.nf_conntrack_udp_timeout=3600');
  for (const device of ['up0', 'up1']) space.ip('link', 'set', device, 'up');
  space.ip('address', 'add', '192.0.2.7/24', 'dev', 'up0');
  space.ip('neighbour', 'add', '192.0.2.1', 'lladdr', '02:00:00:00:00:01', 'dev', 'up0');
  space.ip('route', 'add', 'default', 'via', '192.0.2.1');
  space.exec('bash', '-c', `echo >/dev/udp/${address}/80`);
}

t.test('names are kept on disk, and a damaged file is none', async (t) => {
  await using server = await ScratchServer.start();
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const { signal } = stop;
  const folder = join(server.folder, 'network');
  const store = new RecordStore();
  const saving = saveRecords(store, folder, { log, signal });
  store.set({ ...web, addresses: ['10.96.0.1'], ports: [] });
  const path = join(folder, 'dns-records.json');
  await until('it is written', () => {
    try {
      return readFileSync(path, 'utf8').includes('10.96.0.1');
    } catch {
      return false;
    }
  });
  stop.abort();
  await saving;
  const next = new RecordStore();
  await loadRecords(next, folder, log);
  t.same([...next.all()], [...store.all()]);
  for (const text of ['{', '[{"name":1}]', '[null]', '{}']) {
    writeFileSync(path, text);
    const none = new RecordStore();
    await loadRecords(none, folder, log.child({}, { level: 'silent' }));
    t.same([...none.all()], [], text);
  }
});
