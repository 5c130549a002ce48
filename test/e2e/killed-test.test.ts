/** A test that is ended by a signal leaves nothing of the node that it had. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { openHierarchy } from '../../src/cgroup/hierarchy.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const harness = fileURLToPath(new URL('kubelet/private-node.ts', import.meta.url));

/** A node with a pod that is ready, held until the signal comes. */
const held = `
  import t from 'tap';
  import { PrivateNode, shell, waiting } from ${JSON.stringify(harness)};
  const node = await PrivateNode.start();
  await node.create({ containers: [shell(waiting)] }, { name: 'web' });
  const pod = await node.ready('web');
  const { folder: coordinator } = node.coordinator.process;
  const { uid } = pod.metadata;
  console.log(JSON.stringify({ folder: node.folder, name: node.runtime.name, coordinator, uid }));
  t.setTimeout(0);
  t.test('goes on', () => new Promise(() => setInterval(() => undefined, 1000)));
`;

interface Held {
  readonly folder: string;
  readonly name: string;
  readonly coordinator: string;
  readonly uid: string;
}

/** Of the test's own words: tap says others. */
async function firstLine(stream: Readable): Promise<string> {
  for await (const line of createInterface({ input: stream })) {
    if (line.startsWith('{')) return line;
  }
  throw new Error('The test has ended by itself');
}

/** Processes that have one of these words on their command line or in their cgroup. */
function processesOf(words: readonly string[]): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const told = ['cmdline', 'cgroup'].map((file) =>
        readFileSync(`/proc/${pid}/${file}`, 'utf8'),
      );
      return words.some((word) => told.join().includes(word));
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}

t.test('a test that is ended takes its node with it', async (t) => {
  const test = spawn(process.execPath, ['--input-type=module', '-e', held], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await firstLine(test.stdout);
  const { folder, name, coordinator, uid } = JSON.parse(line) as Held;
  const shims = readdirSync(`${folder}/state/pods`);
  const words = [folder, name, coordinator, ...shims.map((id) => `shim ${id}`)];
  t.ok(processesOf(words).length > 4, 'runtime, coordinator, kubelet, supervisor, pod');
  const ended = once(test, 'exit');
  test.kill('SIGTERM');
  await ended;
  t.same(
    await until(
      () => processesOf(words),
      (left) => left.length === 0,
    ),
    [],
  );
  const places = [folder, coordinator, ...shims.map((id) => `/run/netns/keelson-${id}`)];
  t.ok(await until(() => !places.some((place) => existsSync(place))));
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), uid);
  using hierarchy = openHierarchy();
  t.notOk(existsSync(`${hierarchy.mountPoint}/${name}`), 'no cgroup');
  t.ok(await until(() => !existsSync(`/sys/class/net/kl${test.pid}`)), 'no bridge');
});
