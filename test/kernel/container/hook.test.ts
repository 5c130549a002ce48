/** The lifecycle of runtime.md, with real programs as hooks. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { KeelsonEngine } from '../../../src/container/engine.ts';
import type { Hook, Hooks } from '../../../src/container/spec.ts';
import type { Snapshot } from '../../../src/image/snapshot.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

const invalid = { name: 'DomainError', kind: 'invalid' };

type Kind = keyof Hooks;

const kinds: readonly Kind[] = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
];

/** What a hook has seen, as the lines that it wrote. */
interface Seen {
  readonly kind: string;
  readonly state: Record<string, unknown>;
  readonly mounts: string;
  readonly network: string;
}

/** A hook program that notes its place, its state and its namespaces; then does what is asked. */
function noting(scratch: Scratch, kind: Kind, then = 'exit 0'): Hook {
  const inside = kind === 'startContainer';
  const log = inside ? '/tmp/hooks' : scratch.bundle.path('hooks');
  const script =
    `s=$(cat); echo "${kind} $(readlink /proc/self/ns/mnt) $(readlink /proc/self/ns/net) $s"` +
    ` >> ${log}; ${then}`;
  const path = inside ? '/bin/note' : scratch.bundle.path(`note-${kind}`);
  const file = inside ? join(scratch.bundle.root, 'bin/note') : path;
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return { path, args: ['note'], env: ['PATH=/bin:/usr/bin'] };
}

function seen(scratch: Scratch): Seen[] {
  const files = [scratch.bundle.path('hooks'), join(scratch.bundle.root, 'tmp/hooks')];
  const text = files.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8'));
  return text
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [kind = '', mounts = '', network = '', ...state] = line.split(' ');
      return { kind, mounts, network, state: JSON.parse(state.join(' ')) as Seen['state'] };
    });
}

function names(scratch: Scratch): string[] {
  return seen(scratch).map(({ kind }) => kind);
}

t.test('hooks run in the order of the lifecycle, each in its namespaces', async (t) => {
  await using scratch = new Scratch();
  // The container and the host write one file, so that the order of all six is plain.
  writeFileSync(scratch.bundle.path('hooks'), '');
  const share = { destination: '/tmp/hooks', source: scratch.bundle.path('hooks') };
  const base = scratch.bundle.spec(['true']).mounts ?? [];
  const hooks = Object.fromEntries(kinds.map((kind) => [kind, [noting(scratch, kind)]]));
  const mounts = [...base, { ...share, type: 'bind', options: ['bind'] }];
  const request = scratch.bundle.request('c', ['sleep', '1000'], {
    hooks,
    mounts,
    annotations: { colour: 'blue' },
  });
  const status = await scratch.engine.create(request);
  t.same(names(scratch), ['prestart', 'createRuntime', 'createContainer'], 'create ran three');
  const network = readlinkSync(`/proc/${status.pid}/ns/net`);
  const mountNamespace = readlinkSync(`/proc/${status.pid}/ns/mnt`);
  await scratch.engine.start('c');
  await scratch.engine.stop('c', { signal: 'SIGKILL', timeoutMs: 0 });
  t.equal(names(scratch).at(-1), 'poststart', 'stop runs none');
  await scratch.engine.remove('c');

  const all = seen(scratch).filter((hook, i, list) => list.indexOf(hook) === i);
  t.same(
    all.slice(0, 6).map(({ kind }) => kind),
    kinds,
  );
  const statuses = ['creating', 'creating', 'creating', 'created', 'running', 'stopped'];
  t.same(
    all.slice(0, 6).map(({ state }) => state['status']),
    statuses,
  );
  const bundle = join(scratch.bundle.state, 'containers/c');
  for (const { kind, state, mounts, network: own } of all.slice(0, 6)) {
    const inside = kind === 'createContainer' || kind === 'startContainer';
    t.match(state, { ociVersion: '1.3.0', id: 'c', bundle, annotations: { colour: 'blue' } });
    t.equal(mounts === mountNamespace, inside, `${kind} is ${inside ? 'in' : 'out'}side`);
    t.equal(own === network, inside, `${kind} has that network`);
    // As the namespace that it runs in sees it.
    if (kind !== 'poststop') t.equal(state['pid'], inside ? 1 : status.pid, kind);
  }
});

t.test('several hooks of a kind run one after the other, as listed', async (t) => {
  await using scratch = new Scratch();
  const log = scratch.bundle.path('order');
  const say = (word: string): Hook => ({
    path: '/bin/sh',
    args: ['sh', '-c', `sleep 0.0$((5 - ${word})); echo ${word} >> ${log}`],
    env: ['PATH=/bin:/usr/bin'],
  });
  const hooks = {
    createRuntime: [say('1'), say('2')],
    createContainer: [say('3'), say('4')],
  };
  await scratch.run(['true'], { hooks });
  t.equal(readFileSync(log, 'utf8'), '1\n2\n3\n4\n');
});

/** The bundle's root below a writable layer. */
function snapshotOf(scratch: Scratch): Snapshot {
  const upper = scratch.bundle.path('snapshot/upper');
  const work = scratch.bundle.path('snapshot/work');
  for (const folder of [upper, work]) mkdirSync(folder, { recursive: true });
  return { id: 's', layers: [scratch.bundle.root], upper, work };
}

for (const user of [false, true]) {
  const where = user ? 'in a user namespace' : 'of an image';
  t.test(`hooks find config.json and the root ${where} at the bundle`, async (t) => {
    await using scratch = new Scratch();
    const bundle = 'b=$(sed "s/.*\\"bundle\\":\\"\\([^\\"]*\\)\\".*/\\1/"); ';
    const number = scratch.bundle.path('number');
    const count = `grep -q rootfs $b/config.json && ls $b/rootfs | wc -l > ${number}`;
    // The namespace's root is not allowed into the bundle, and has the root as working directory.
    const root = user ? '.' : '$b/rootfs';
    const mount = `mount -t tmpfs none ${root}/tmp && echo hook > ${root}/tmp/from-hook`;
    const hook = (script: string): Hook => ({
      path: '/bin/sh',
      args: ['sh', '-c', bundle + script],
      env: ['PATH=/bin:/usr/bin'],
    });
    const map = [{ containerID: 0, hostID: 500_000, size: 65_536 }];
    const own = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup'] as const;
    const types = user ? [...own, 'user' as const] : own;
    const mapping = user ? { uidMappings: map, gidMappings: map } : {};
    const { out, err } = await scratch.run(['cat', '/tmp/from-hook'], {
      hooks: { createRuntime: [hook(count)], createContainer: [hook(mount)] },
      request: { snapshot: snapshotOf(scratch) },
      linux: { namespaces: types.map((type) => ({ type })), ...mapping },
    });
    t.equal(err, '');
    t.equal(out, 'hook\n', 'what createContainer mounted is the container’s');
    t.equal(readFileSync(number, 'utf8').trim(), '0', 'the host sees none');
    t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), scratch.bundle.name);
  });
}

const failing: readonly [Kind, string][] = [
  ['prestart', 'create'],
  ['createRuntime', 'create'],
  ['createContainer', 'create'],
];

for (const [kind, word] of failing) {
  t.test(`a failing ${kind} hook fails ${word}, ends the sequence and runs poststop`, async (t) => {
    await using scratch = new Scratch();
    const hooks: Hooks = {
      ...Object.fromEntries(kinds.map((each) => [each, [noting(scratch, each)]])),
      [kind]: [noting(scratch, kind, 'echo because >&2; exit 3')],
    };
    const message = /Hook ".*" exited with 3: because$/;
    await t.rejects(scratch.run(['true'], { hooks }), { kind: 'invalid', message });
    t.same(names(scratch), [...kinds.slice(0, kinds.indexOf(kind) + 1), 'poststop']);
    t.same(scratch.engine.list(), []);
    t.notOk(existsSync(join(scratch.bundle.state, 'containers/run1')));
    await scratch.run(['true'], { hooks: {} });
  });
}

t.test('a failing startContainer hook fails start, and the program does not run', async (t) => {
  await using scratch = new Scratch();
  const hooks = {
    startContainer: [noting(scratch, 'startContainer', 'echo because >&2; exit 3')],
    poststart: [noting(scratch, 'poststart')],
    poststop: [noting(scratch, 'poststop')],
  };
  await scratch.engine.create(scratch.bundle.request('c', ['echo', 'ran'], { hooks }));
  await t.rejects(scratch.engine.start('c'), { message: /"\/bin\/note" exited with 3: because$/ });
  t.match(scratch.engine.status('c'), { state: 'exited', exitCode: 128, reason: 'StartError' });
  await scratch.engine.remove('c');
  t.equal(scratch.log('c', 'stdout'), '');
  t.same(names(scratch).toSorted(), ['poststop', 'startContainer']);
});

t.test('a failing poststart hook fails start and stops the container', async (t) => {
  await using scratch = new Scratch();
  const hooks = {
    poststart: [noting(scratch, 'poststart', 'exit 9'), noting(scratch, 'prestart')],
    poststop: [noting(scratch, 'poststop')],
  };
  await scratch.engine.create(scratch.bundle.request('c', ['sleep', '1000'], { hooks }));
  await t.rejects(scratch.engine.start('c'), { message: /exited with 9/ });
  t.match(scratch.engine.status('c'), { state: 'exited', exitCode: 137, reason: 'StartError' });
  await scratch.engine.remove('c');
  t.same(names(scratch), ['poststart', 'poststop'], 'the second of its kind did not run');
});

t.test('a failing poststop hook is logged, the next one runs, and nothing is left', async (t) => {
  await using scratch = new Scratch();
  const warnings: string[] = [];
  await scratch.engine.close();
  const stateFolder = scratch.bundle.state;
  scratch.engine = new KeelsonEngine({ stateFolder, warn: (text) => warnings.push(text) });
  const missing = { path: '/no/such/hook' };
  const hooks = { poststop: [missing, noting(scratch, 'poststop')] };
  await scratch.run(['true'], { hooks });
  t.same(names(scratch), ['poststop']);
  t.match(warnings, [/Hook "\/no\/such\/hook" cannot be run: execve .* ENOENT/]);
});

for (const kind of ['createRuntime', 'createContainer', 'startContainer'] as const) {
  t.test(`a ${kind} hook that takes too long is ended with all it has started`, async (t) => {
    await using scratch = new Scratch();
    const mark = `3${process.pid}${kinds.indexOf(kind)}`;
    const args = ['sh', '-c', `sleep ${mark} & sleep ${mark}`];
    const hook = { path: '/bin/sh', args, env: ['PATH=/bin:/usr/bin'], timeout: 0.2 };
    const before = Date.now();
    await t.rejects(scratch.run(['true'], { hooks: { [kind]: [hook] } }), {
      message: /took more than 200 ms/,
    });
    t.ok(Date.now() - before < 60_000);
    for (const { id } of scratch.engine.list()) await scratch.engine.remove(id);
    for (let wait = 0; wait < 1000 && isRunning(mark); wait++) await delay(10);
    t.notOk(isRunning(mark), 'no process of it is left');
  });
}

function isRunning(word: string): boolean {
  return readdirSync('/proc').some((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word);
    } catch {
      return false;
    }
  });
}

t.test('malformed hooks are refused', async (t) => {
  await using scratch = new Scratch();
  for (const kind of ['createRuntime', 'createContainer'] as const) {
    for (const hook of [{ path: 'true' }, { path: '/bin/true', timeout: 0 }]) {
      await t.rejects(scratch.run(['true'], { hooks: { [kind]: [hook] } }), invalid);
    }
  }
  t.same(scratch.engine.list(), []);
});
