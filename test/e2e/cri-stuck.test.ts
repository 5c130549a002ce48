/** A kubelet's pods while the kernel itself is slow: what neither a signal nor patience mends. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import t, { type Test } from 'tap';
import { CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { childrenOf, processesWith } from './processes.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(280_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

interface Pod {
  readonly id: string;
  readonly config: object;
}

async function makePod(name: string): Promise<Pod> {
  const namespace_options = { network: 'NODE', pid: 'CONTAINER' };
  const metadata = { name, uid: name, namespace: 'ns', attempt: 0 };
  const config = { metadata, linux: { security_context: { namespace_options } } };
  return { id: await cri.pod(config), config };
}

function program(script: string, more: object = {}): object {
  const command = ['sh', '-c', script];
  return { metadata: { name: 'c', attempt: 0 }, image: { image: 'busybox' }, command, ...more };
}

async function removePod(id: string): Promise<void> {
  await cri.call('StopPodSandbox', { pod_sandbox_id: id });
  await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
}

/** A whole life of another pod, which what is stuck must not hold up. */
async function useAnother(name: string): Promise<number> {
  const begun = Date.now();
  const pod = await makePod(name);
  const id = await cri.run(pod, program('sleep 1000'));
  if ((await cri.output(id, 'echo', 'here')) !== 'here\n') throw new Error('no answer');
  await removePod(pod.id);
  return Date.now() - begun;
}

async function nothingLeft(t: Test): Promise<void> {
  t.same((await cri.call('ListPodSandbox')).items, []);
  t.same(await runtime.leftovers(), []);
}

function stateOf(pid: number): string {
  return /^\d+ \(.*\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
}

/** A file system in a file, which can be frozen: whoever writes then waits beyond any signal. */
class Freezable implements Disposable {
  readonly folder = mkdtempSync('/tmp/keelson-frozen-');
  readonly place = `${this.folder}/mount`;
  #frozen = false;

  constructor() {
    execFileSync('truncate', ['-s', '16M', `${this.folder}/disk`]);
    execFileSync('mkfs.ext4', ['-q', '-F', `${this.folder}/disk`]);
    mkdirSync(this.place);
    execFileSync('mount', ['-o', 'loop', `${this.folder}/disk`, this.place]);
  }

  freeze(): void {
    execFileSync('fsfreeze', ['-f', this.place]);
    this.#frozen = true;
  }

  thaw(): void {
    if (this.#frozen) execFileSync('fsfreeze', ['-u', this.place]);
    this.#frozen = false;
  }

  [Symbol.dispose](): void {
    this.thaw();
    execFileSync('umount', [this.place]);
    rmSync(this.folder, { recursive: true });
  }
}

function whyNot(attempt: () => void): string | false {
  try {
    attempt();
    return false;
  } catch (error) {
    return String(error).split('\n')[0] ?? 'it fails';
  }
}

const cannotFreeze = whyNot(() => {
  using disk = new Freezable();
  disk.freeze();
});
const cannotTrace = whyNot(() => execFileSync('strace', ['-qq', '-e', 'trace=none', 'true']));

t.test(
  'a program that SIGKILL does not end: its stop fails in time, the others go on',
  { skip: cannotFreeze },
  async (t) => {
    const disk = new Freezable();
    t.teardown(() => disk[Symbol.dispose]());
    const word = `${process.pid}55`;
    const pod = await makePod('stuck');
    const script = `: ${word}; while :; do echo x >> /disk/file; sleep 0.02; done`;
    const mounts = [{ host_path: disk.place, container_path: '/disk' }];
    const id = await cri.run(pod, program(script, { mounts }));
    t.ok(await until(() => existsSync(`${disk.place}/file`)));
    const [pid = 0] = processesWith(word);
    disk.freeze();
    t.ok(await until(() => stateOf(pid) === 'D'), 'it waits uninterruptibly');

    const begun = Date.now();
    const stop = cri.call('StopContainer', { container_id: id, timeout: 0 });
    const outcome = stop.then(
      () => 'stopped',
      (error: Error) => error.message,
    );
    const tookMs = await useAnother('beside');
    t.comment(`a pod's life beside it: ${tookMs} ms`);
    t.match(await cri.statusOf(id), { state: 'CONTAINER_RUNNING' }, 'it is not said to be over');
    const words = await outcome;
    t.match(words, /has not come to "populated 0"/, 'the caller is told');
    t.ok(Date.now() - begun < 60_000, `${Date.now() - begun} ms`);

    disk.thaw();
    t.ok(await until(async () => (await cri.statusOf(id)).state === 'CONTAINER_EXITED'));
    t.match(await cri.statusOf(id), { exit_code: 137 }, 'the signal of then has ended it');
    await removePod(pod.id);
    await nothingLeft(t);
  },
);

/** The runtime's helper, in whose children mounts are made and undone. */
function spawnerOf(pid: number): number {
  return childrenOf(pid).find(({ name }) => name.startsWith('keelson-spawner'))?.pid ?? 0;
}

/** Holds up each umount2 below a process. */
async function delayUnmounts(pid: number, delayMs: number) {
  const inject = `inject=umount2:delay_enter=${delayMs}ms`;
  const log = `${runtime.folder}/strace`;
  const args = ['-f', '-qq', '-o', log, '-p', String(pid), '-e', 'trace=umount2', '-e', inject];
  const tracer = spawn('strace', args, { stdio: 'ignore' });
  const ended = new Promise((resolve) => {
    tracer.once('exit', resolve);
    tracer.once('error', resolve);
  });
  const isTraced = (): boolean =>
    tracer.exitCode !== null ||
    !/TracerPid:\s+0\n/.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  await until(isTraced);
  if (tracer.exitCode !== null) throw new Error(`strace ends with ${tracer.exitCode}`);
  return {
    seen: () => (readFileSync(log, 'utf8').match(/umount2\(/g) ?? []).length,
    async end() {
      tracer.kill('SIGINT');
      await ended;
    },
  };
}

t.test(
  'an unmount that takes seconds: its pod alone waits, and goes',
  { skip: cannotTrace },
  async (t) => {
    await useAnother('before');
    const pod = await makePod('slow');
    await cri.run(pod, program('sleep 1000'));
    const delay = await delayUnmounts(spawnerOf(runtime.pid), 1000);
    t.teardown(() => delay.end());
    let done = false;
    const removal = removePod(pod.id).finally(() => (done = true));
    t.ok(await until(() => existsSync(`${runtime.folder}/strace`) && delay.seen() > 0));
    const other = await makePod('beside');
    const id = await cri.run(other, program('sleep 1000'));
    t.equal(await cri.output(id, 'echo', 'here'), 'here\n');
    t.notOk(done, 'another was made and used meanwhile');
    await removal;
    await delay.end();
    await removePod(other.id);
    await nothingLeft(t);
  },
);

t.test(
  'killed during such an unmount, the next runtime finishes it',
  { skip: cannotTrace },
  async (t) => {
    const pod = await makePod('cut');
    await cri.run(pod, program('sleep 1000'));
    const delay = await delayUnmounts(spawnerOf(runtime.pid), 500);
    t.teardown(() => delay.end());
    const removal = removePod(pod.id);
    removal.catch(() => undefined);
    t.ok(await until(() => delay.seen() > 0));
    await runtime.down('SIGKILL');
    await t.rejects(removal);
    await delay.end();
    await runtime.up();
    using again = new CriClient(runtime.socket);
    await again.call('Version').catch(() => undefined);
    await again.call('StopPodSandbox', { pod_sandbox_id: pod.id });
    await again.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
    t.same((await again.call('ListPodSandbox')).items, []);
    t.same(await runtime.leftovers(), []);
  },
);
