import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { KeelsonEngine } from '../../../src/container/engine.ts';
import type { SpecChange } from './bundle.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

t.setTimeout(240_000);
const victim = fileURLToPath(new URL('victim.ts', import.meta.url));

interface Death {
  readonly verbs: readonly string[];
  readonly fault?: string;
  readonly args?: readonly string[];
  readonly change?: SpecChange;
}

/** Runs a runtime to its SIGKILL, and then an engine that finds what it left. */
async function dieAndRecover(scratch: Scratch, { verbs, fault = '', args, change }: Death) {
  const request = scratch.bundle.request('c', args ?? ['sleep', '1000'], change);
  const file = scratch.bundle.path('request.json');
  writeFileSync(file, JSON.stringify(request));
  const child = spawn(process.execPath, [victim, scratch.bundle.state, file, ...verbs], {
    env: { ...process.env, KEELSON_FAULT: fault },
    stdio: 'inherit',
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  await scratch.engine.close();
  scratch.engine = new KeelsonEngine({ stateFolder: scratch.bundle.state });
  await scratch.engine.recover();
  return { signal, request };
}

function nothingLeft(t: Test, scratch: Scratch): void {
  const { bundle } = scratch;
  t.same(readdirSync(join(bundle.state, 'containers')), [], 'no record');
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), bundle.name, 'no mount');
  using hierarchy = openHierarchy();
  t.notOk(existsSync(join(hierarchy.mountPoint, bundle.name, 'c')), 'no cgroup');
}

const hooked = { hooks: { createRuntime: [{ path: '/bin/true' }] } };

const deaths: readonly (Death & { readonly left: 'nothing' | 'created' | 'running' | 'exited' })[] =
  [
    { fault: 'container.create.after-record', verbs: ['create'], left: 'nothing' },
    { fault: 'container.create.after-cgroup', verbs: ['create'], left: 'nothing' },
    { fault: 'container.create.after-launch', verbs: ['create'], left: 'nothing' },
    { fault: 'container.create.after-launch', verbs: ['create'], left: 'nothing', change: hooked },
    { fault: 'container.create.after-hooks', verbs: ['create'], left: 'nothing', change: hooked },
    { fault: 'container.create.after-created', verbs: ['create'], left: 'created' },
    { fault: 'container.start.after-record', verbs: ['create', 'start'], left: 'created' },
    { fault: 'container.start.after-start', verbs: ['create', 'start'], left: 'running' },
    { verbs: ['create', 'start', 'die'], left: 'running' },
    { fault: 'container.stop.after-signal', verbs: ['create', 'start', 'stop'], left: 'running' },
    {
      fault: 'container.remove.after-record',
      verbs: ['create', 'start', 'remove'],
      left: 'nothing',
    },
    {
      fault: 'container.remove.after-forget',
      verbs: ['create', 'start', 'remove'],
      left: 'nothing',
    },
    {
      fault: 'container.remove.after-cgroup',
      verbs: ['create', 'start', 'remove'],
      left: 'nothing',
    },
  ];

for (const death of deaths) {
  const where = `${death.fault ?? 'a running container'}${death.change ? ' with hooks' : ''}`;
  t.test(`killed at ${where}, the next runtime finds it ${death.left}`, async (t) => {
    await using scratch = new Scratch();
    const { signal, request } = await dieAndRecover(scratch, death);
    t.equal(signal, 'SIGKILL');
    const { engine } = scratch;
    if (death.left === 'nothing') {
      t.same(engine.list(), []);
      nothingLeft(t, scratch);
      await engine.create(request);
    } else t.match(engine.status('c'), { state: death.left });
    if (engine.status('c').state === 'created') await engine.start('c');
    t.match(engine.status('c'), { state: 'running' });
    await engine.stop('c', { signal: 'SIGKILL', timeoutMs: 0 });
    t.match(await engine.wait('c'), { state: 'exited', exitCode: 137 });
    await engine.remove('c');
    nothingLeft(t, scratch);
  });
}

t.test('an end while no runtime is there keeps its code, time and output', async (t) => {
  await using scratch = new Scratch();
  const script = 'echo one; sleep 0.3; echo two; exit 6';
  const verbs = ['create', 'start', 'die'];
  await dieAndRecover(scratch, { verbs, args: ['sh', '-c', script] });
  t.match(await scratch.engine.wait('c'), { exitCode: 6, reason: 'Error' });
  t.equal(scratch.log('c', 'stdout'), 'one\ntwo\n');
  const { finishedAtMs } = scratch.engine.status('c');
  t.ok(Math.abs(Date.now() - finishedAtMs) < 60_000);
});

t.test('an end that came before the next runtime is found by its file', async (t) => {
  await using scratch = new Scratch();
  const verbs = ['create', 'start', 'die'];
  const args = ['sh', '-c', 'sleep 0.05; exit 9'];
  const request = scratch.bundle.request('c', args);
  const file = scratch.bundle.path('request.json');
  writeFileSync(file, JSON.stringify(request));
  const child = spawn(process.execPath, [victim, scratch.bundle.state, file, ...verbs]);
  await once(child, 'exit');
  await delay(300);
  await scratch.engine.recover();
  t.match(scratch.engine.status('c'), { state: 'exited', exitCode: 9 });
});

t.test('a killed shim ends its containers, and they are exited', async (t) => {
  await using scratch = new Scratch();
  const { engine } = scratch;
  await engine.create(scratch.bundle.request('c', ['sleep', '1000']));
  await engine.start('c');
  const { pid } = engine.status('c');
  process.kill(await engine.findPod('pod'), 'SIGKILL');
  t.match(await engine.wait('c'), { state: 'exited', exitCode: 137, reason: 'Unknown' });
  const gone = () => !existsSync(`/proc/${pid}/exe`);
  for (let i = 0; i < 3000 && !gone(); i++) await delay(10);
  t.ok(gone(), 'its process is gone');
});

for (const name of ['state.json', 'request.json']) {
  t.test(`with a truncated ${name} a container is unknown, and can be removed`, async (t) => {
    await using scratch = new Scratch();
    await scratch.engine.create(scratch.bundle.request('c', ['sleep', '1000']));
    await scratch.engine.start('c');
    const { pid } = scratch.engine.status('c');
    await scratch.engine.close();
    truncateSync(join(scratch.bundle.state, 'containers/c', name), 5);
    scratch.engine = new KeelsonEngine({ stateFolder: scratch.bundle.state });
    await scratch.engine.recover();
    t.match(scratch.engine.status('c'), { state: 'unknown' });
    await scratch.engine.remove('c');
    t.notOk(existsSync(`/proc/${pid}/exe`), 'its process is gone');
    nothingLeft(t, scratch);
  });
}

for (const { fault = '', verbs, change } of deaths) {
  const failing = verbs.at(-1) ?? '';
  if (!/create\.|stop\.|remove\./.test(fault)) continue;
  const where = `${fault}${change ? ' with hooks' : ''}`;
  t.test(`failing at ${where}, it can be done again by the same runtime`, async (t) => {
    await using scratch = new Scratch();
    const file = scratch.bundle.path('request.json');
    writeFileSync(file, JSON.stringify(scratch.bundle.request('c', ['sleep', '1000'], change)));
    const life = [...verbs.slice(0, -1), `!${failing}`, 'remove'];
    const child = spawn(process.execPath, [victim, scratch.bundle.state, file, ...life], {
      env: { ...process.env, KEELSON_FAULT: `${fault}=fail` },
      stdio: 'inherit',
    });
    t.same(await once(child, 'exit'), [0, null]);
    nothingLeft(t, scratch);
  });
}
