/** Each step of a pod's life failing, or the runtime killed there; it is finished or undone. */
import t from 'tap';
import type { PodSandboxRequest } from '../../../src/sandbox/sandbox-service.ts';
import { openNode } from './open-node.ts';
import { nothingLeft, Place } from './place.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

t.setTimeout(240_000);

interface Death {
  readonly fault: string;
  readonly verbs: readonly string[];
  /** What the next runtime says of the pod. */
  readonly left: 'nothing' | 'ready' | 'notReady';
}

const deaths: readonly Death[] = [
  { fault: 'sandbox.run.after-record', verbs: ['run'], left: 'nothing' },
  { fault: 'sandbox.run.after-namespaces', verbs: ['run'], left: 'nothing' },
  { fault: 'sandbox.run.after-attach', verbs: ['run'], left: 'nothing' },
  { fault: 'sandbox.run.after-ready', verbs: ['run'], left: 'ready' },
  { fault: 'sandbox.stop.after-record', verbs: ['run', 'stop'], left: 'notReady' },
  { fault: 'sandbox.stop.after-detach', verbs: ['run', 'stop'], left: 'notReady' },
  { fault: 'sandbox.stop.after-unpin', verbs: ['run', 'stop'], left: 'notReady' },
  { fault: 'sandbox.remove.after-record', verbs: ['run', 'remove'], left: 'nothing' },
  { fault: 'sandbox.remove.after-shim', verbs: ['run', 'remove'], left: 'nothing' },
];

const map = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
const changes: Readonly<Record<string, Partial<PodSandboxRequest>>> = {
  '': {},
  ' with a user namespace': { uidMappings: map, gidMappings: map },
};

for (const { fault, verbs, left } of deaths) {
  for (const [words, change] of Object.entries(changes)) {
    t.test(`killed at ${fault}, a pod${words} is ${left}, and a retry works`, async (t) => {
      await using place = new Place(change);
      t.equal(await place.die(fault, verbs), 'SIGKILL');
      const { engine, pods } = openNode(place.folder);
      await engine.recover();
      await pods.recover();
      const { id } = place.request;
      if (left === 'nothing') {
        t.same(pods.list(), []);
        await nothingLeft(t, place);
        t.match(await pods.run(place.request), { state: 'ready', addresses: ['10.9.8.7'] });
      } else t.match(pods.status(id), { state: left });
      await pods.stop(id);
      t.match(pods.status(id), { state: 'notReady' });
      await pods.remove(id);
      await nothingLeft(t, place);
      await engine.close();
    });
  }
}

const after = { run: ['stop', 'remove'], stop: ['remove'], remove: [] };

for (const { fault, verbs } of deaths) {
  const failing = verbs.at(-1) as keyof typeof after;
  t.test(`failing at ${fault}, it can be done again by the same runtime`, async (t) => {
    await using place = new Place();
    const life = [...verbs.slice(0, -1), `!${failing}`, ...after[failing]];
    t.equal(await place.live(`${fault}=fail`, life), 0);
    await nothingLeft(t, place);
  });
}
