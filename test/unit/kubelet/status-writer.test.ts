import t from 'tap';
import type { ApiClient } from '../../../src/api/client/client.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { openLog } from '../../../src/base/log.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { LivePod } from '../../../src/kubelet/pod/live-pod.ts';
import { StatusWriter } from '../../../src/kubelet/pod/status-writer.ts';
import { until } from '../../until.ts';

const pod = { metadata: { uid: 'one', name: 'web', namespace: 'default' }, spec: {} } as LivePod;

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

function scene({ answers = true } = {}) {
  const told: JsonObject[] = [];
  const client = {
    patch: async (_resource: unknown, _name: unknown, { document }: { document: JsonObject }) => {
      if (!answers) throw new Error('the client is destroyed');
      told.push(document['status'] as JsonObject);
      return {};
    },
  } as unknown as ApiClient;
  const log = openLog('test');
  const writer = new StatusWriter({ client, clock: systemClock, log, present: () => pod });
  return { told, writer };
}

t.test('what a start goes through is told as one, with what came of it', async (t) => {
  const { told, writer } = scene();
  writer.write(pod, { phase: 'Pending' }, false);
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  writer.write(pod, { phase: 'Pending', hostIP: '10.0.0.1' }, false);
  t.same(told, [], 'a second state that nobody waits for sends off nothing');
  writer.write(pod, { phase: 'Running' }, true);
  await until(() => told.length > 0);
  t.match(told[0], { phase: 'Running' });
  writer.close('one');
});

t.test('what takes longer is told although nobody waits for it', async (t) => {
  const { told, writer } = scene();
  writer.write(pod, { phase: 'Pending' }, false);
  await until(() => told.length > 0);
  t.match(told[0], { phase: 'Pending' });
  writer.close('one');
});

t.test('who is disposed of tries no more, whatever comes', async (t) => {
  const { told, writer } = scene({ answers: false });
  writer.write(pod, { phase: 'Running' }, true);
  // It has failed, and waits for its next try.
  const before = timers();
  await until(() => timers() > before);
  writer[Symbol.dispose]();
  await until(() => timers() === before);
  writer.write(pod, { phase: 'Failed' }, true);
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  t.equal(timers(), before, 'nothing keeps the process alive');
  t.same(told, []);
});
