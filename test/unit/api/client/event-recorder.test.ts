import t from 'tap';
import { EventRecorder } from '../../../../src/api/client/event-recorder.ts';
import { resources } from '../../../../src/api/client/resources.ts';
import { createApi } from '../../../../src/apiserver/api.ts';
import { LocalClient } from '../../../../src/apiserver/local-client.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { openEmbeddedStore } from '../../../../src/store/open.ts';
import { openedFor, temporaryFolder } from '../../store/opening.ts';

type Test = Parameters<typeof openedFor>[0];

async function recorderFor(t: Test) {
  const folder = await temporaryFolder(t);
  const store = await openedFor(t, () => openEmbeddedStore(`${folder}/store.db`));
  const client = new LocalClient(createApi({ store }), 'test');
  await client.create(resources.namespaces, { metadata: { name: 'default' }, spec: {} });
  const complaints: string[] = [];
  const onError = (error: unknown) => complaints.push(String(error));
  const recorder = new EventRecorder({ client, clock: systemClock, onError });
  return { client, recorder, complaints };
}

function podNamed(name: string) {
  const creationTimestamp = '2026-01-01T00:00:00Z';
  const metadata = { name, namespace: 'default', uid: name, resourceVersion: '1' };
  return { metadata: { ...metadata, creationTimestamp }, spec: { containers: [] } };
}

const said = { source: 'test', type: 'Normal', reason: 'Said' } as const;

async function eventually(what: () => Promise<boolean>): Promise<boolean> {
  const end = Date.now() + 60_000;
  while (!(await what())) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

t.test('a burst of thousands is written whole', async (t) => {
  const { client, recorder, complaints } = await recorderFor(t);
  for (let pod = 0; pod < 3000; pod += 1) {
    recorder.tell(resources.pods, podNamed(`p${pod}`), { ...said, message: 'hello' });
  }
  const all = async () => (await client.list(resources.events)).items.length === 3000;
  t.ok(await eventually(all));
  t.same(complaints, []);
});

t.test('the same again is counted, also while it waits', async (t) => {
  const { client, recorder } = await recorderFor(t);
  for (let time = 0; time < 10; time += 1) {
    recorder.tell(resources.pods, podNamed('web'), { ...said, message: 'again' });
  }
  const counted = async () => {
    const { items } = await client.list(resources.events);
    return items.length === 1 && items[0]?.count === 10;
  };
  t.ok(await eventually(counted));
});

t.test('many different words of one object and reason become one event', async (t) => {
  const { client, recorder } = await recorderFor(t);
  for (let time = 0; time < 20; time += 1) {
    recorder.tell(resources.pods, podNamed('web'), { ...said, message: `attempt ${time}` });
  }
  const merged = async () => {
    const { items } = await client.list(resources.events);
    const last = items.find(({ message }) => message?.startsWith('(combined') === true);
    return (
      items.length === 10 &&
      last?.message === '(combined from similar events): attempt 19' &&
      last.count === 11
    );
  };
  t.ok(await eventually(merged));
});

t.test('what is dropped is said, with how many they were', async (t) => {
  const { client, recorder, complaints } = await recorderFor(t);
  for (let pod = 0; pod < 10_508; pod += 1) {
    recorder.tell(resources.pods, podNamed(`p${pod}`), { ...said, message: 'hello' });
  }
  t.ok(await eventually(async () => complaints.length > 0));
  t.same(complaints, ['DomainError: 500 events were not written: 10000 waited already']);
  // The last few are still being written.
  const written = async () => (await client.list(resources.events)).items.length === 10_008;
  t.ok(await eventually(written));
});
