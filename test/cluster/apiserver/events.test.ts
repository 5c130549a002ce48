import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { createApi } from '../../../src/apiserver/api.ts';
import { expireEvents } from '../../../src/apiserver/expire-events.ts';
import { LocalClient } from '../../../src/apiserver/local-client.ts';
import { resources } from '../../../src/api/client/resources.ts';
import { openEmbeddedStore } from '../../../src/store/open.ts';
import { findPrograms } from '../api/kubectl.ts';
import { ScratchServer } from './scratch-server.ts';

t.setTimeout(600_000);

const hourMs = 3_600_000;
const [kubectl] = findPrograms();

function event(name: string, more: object = {}): object {
  return {
    metadata: { name, namespace: 'default' },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'default' },
    reason: 'Pulled',
    message: 'Container image "x" already present on machine',
    type: 'Normal',
    source: { component: 'kubelet', host: 'n1' },
    ...more,
  };
}

t.test('events go an hour after their last word', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-events-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await using store = await openEmbeddedStore(join(folder, 'state.db'));
  let nowMs = Date.now();
  const api = createApi({ store, now: () => new Date(nowMs) });
  const client = new LocalClient(api, 'test');
  await client.create(resources.namespaces, { metadata: { name: 'default' }, spec: {} });
  await client.create(resources.events, event('old') as never);
  t.equal(await expireEvents(api, hourMs), 0, 'it is young');
  // The store has its own clock: what is written after this has a later time.
  const writtenMs = Date.now();
  while (Date.now() <= writtenMs + 1) await new Promise((resolve) => setTimeout(resolve, 1));
  nowMs = Date.now() + hourMs - 1;
  while (Date.now() <= nowMs - hourMs + 1) await new Promise((resolve) => setTimeout(resolve, 1));
  await client.create(resources.events, event('young') as never);
  t.equal(await expireEvents(api, hourMs), 1);
  const { items } = await client.list(resources.events, { namespace: 'default' });
  t.same(
    items.map(({ metadata }) => metadata.name),
    ['young'],
  );
});

t.test('kubectl shows events, and their series', async (t) => {
  if (kubectl === undefined) {
    t.pass('no kubectl on this machine');
    return;
  }
  await using server = await ScratchServer.start();
  const path = 'POST /api/v1/namespaces/default/events';
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const times = { firstTimestamp: now, lastTimestamp: now, count: 3 };
  await server.request(path, event('one', times));
  await server.request('POST /apis/events.k8s.io/v1/namespaces/default/events', {
    metadata: { name: 'two', namespace: 'default' },
    regarding: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'default' },
    reason: 'BackOff',
    note: 'Back-off restarting failed container',
    type: 'Warning',
    action: 'Restart',
    reportingController: 'kubelet',
    reportingInstance: 'n1',
    eventTime: `${now.slice(0, -1)}.000000Z`,
    series: { count: 7, lastObservedTime: `${now.slice(0, -1)}.000000Z` },
  });
  const run = async (...args: string[]) => (await server.kubectl(kubectl, ...args)).stdout;
  const listed = await run('get', 'events');
  t.match(listed, /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n/);
  t.match(listed, /Normal +Pulled +pod\/web +Container image "x" already present on machine/);
  t.match(listed, /Warning +BackOff +pod\/web +Back-off restarting failed container/);
  const events = await run('events');
  t.match(events, /\d+s \(x3 over \d+s\) +Normal +Pulled +Pod\/web/);
  t.match(events, /\d+s \(x7 over \d+s\) +Warning +BackOff +Pod\/web/);
  t.match(await run('events', '--types=Warning'), /^LAST SEEN.*\n.*BackOff.*\n$/);
  t.match(await run('events', '--for=pod/web'), 'Pulled');
  const sorted = await run('get', 'events', '--sort-by=.metadata.name', '-o', 'name');
  t.equal(sorted, 'event/one\nevent/two\n');
});
