/** A kubelet's pods on a disk that is full: they end, and nothing of them is in the way later. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { type Answer, CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(180_000);
const disk = mkdtempSync('/var/tmp/keelson-disk-');
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'none', disk]);
const folder = join(disk, basename(disk));
mkdirSync(folder);
const runtime = await PrivateRuntime.start({ folder });
let cri = new CriClient(runtime.socket);
t.teardown(async () => {
  cri[Symbol.dispose]();
  await runtime[Symbol.asyncDispose]();
  execFileSync('umount', ['--lazy', disk]);
  rmdirSync(disk);
});
const filler = join(disk, 'filler');

function fill(): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler, Buffer.alloc(bavail * bsize));
}

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

function sleeper(name: string): object {
  const command = ['sleep', '1000'];
  return { metadata: { name, attempt: 0 }, image: { image: 'busybox' }, command };
}

async function restart(): Promise<void> {
  await runtime.down('SIGKILL');
  await runtime.up();
  cri[Symbol.dispose]();
  cri = new CriClient(runtime.socket);
}

for (const removes of [true, false]) {
  const words = removes ? 'stopped and removed' : 'stopped, over a restart, and removed';
  t.test(`on a full disk pods are ${words}; later their names are free`, async (t) => {
    const pods = [await makePod('one'), await makePod('two')];
    const ids: string[] = [];
    for (const pod of pods) ids.push(await cri.run(pod, sleeper('c')));
    fill();
    await t.rejects(makePod('three'), { message: /No space left|ENOSPC/ });
    const more = cri.container(pods[0] ?? { id: '', config: {} }, sleeper('d'));
    await t.rejects(more, { message: /No space left|ENOSPC/ });
    t.match(await cri.statusOf(ids[0] ?? ''), { state: 'CONTAINER_RUNNING' });
    t.equal(await cri.output(ids[0] ?? '', 'echo', 'here'), 'here\n', 'what runs is used');
    for (const { id } of pods) await cri.call('StopPodSandbox', { pod_sandbox_id: id });
    if (!removes) await restart();
    for (const id of ids) t.match(await cri.statusOf(id), { state: 'CONTAINER_EXITED' });
    if (!removes) rmSync(filler);
    for (const { id } of pods) await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
    rmSync(filler, { force: true });
    for (const name of ['one', 'two', 'three']) {
      const pod = await makePod(name);
      await cri.run(pod, sleeper('c'));
      await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
    }
    t.same((await cri.call('ListPodSandbox')).items, []);
    t.same(await runtime.leftovers(), []);
    t.same(readdirSync(join(folder, 'state/containers')), []);
  });
}

async function runtimeCondition(): Promise<Answer> {
  return (await cri.call('Status')).status.conditions[0];
}

const isReady = async (): Promise<boolean> => (await runtimeCondition()).status;
const isNotReady = async (): Promise<boolean> => !(await isReady());
interface Fault {
  readonly begin: () => void;
  readonly end: () => void;
  readonly words: RegExp;
}

const faults: Readonly<Record<string, Fault>> = {
  full: { begin: fill, end: () => rmSync(filler), words: /ENOSPC/ },
  'read-only': {
    begin: () => {
      const root = `${folder}/root`;
      execFileSync('mount', ['--bind', root, root]);
      execFileSync('mount', ['-o', 'remount,bind,ro', root]);
    },
    end: () => execFileSync('umount', [`${folder}/root`]),
    words: /EROFS/,
  },
};

for (const [word, { begin, end, words }] of Object.entries(faults)) {
  t.test(`while its disk is ${word} the runtime is not ready, and says why`, async (t) => {
    t.match(await runtimeCondition(), { type: 'RuntimeReady', status: true, reason: '' });
    begin();
    try {
      t.ok(await until(isNotReady));
      const { reason, message } = await runtimeCondition();
      t.equal(reason, 'StateNotWritable');
      t.match(message, words);
      t.match(message, `${folder}/root`, 'it names the folder');
    } finally {
      end();
    }
    t.ok(await until(isReady), 'and it is ready again');
    t.same(
      readdirSync(`${folder}/root`).filter((name) => name.includes('health')),
      [],
    );
  });
}

t.test('a log on a full disk loses lines, and holds nobody up', async (t) => {
  const log_directory = join(disk, 'logs');
  mkdirSync(log_directory);
  const pod = await makePod('logs');
  const config = { ...pod.config, log_directory };
  const waits = 'while [ ! -e /go/go ]; do sleep 0.05; done; ';
  const writes = 'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo $i; done; exit 4';
  const script = waits + writes;
  const mounts = [{ host_path: folder, container_path: '/go' }];
  const more = { command: ['sh', '-c', script], log_path: 'c.log', mounts };
  const request = { ...sleeper('c'), ...more };
  const id = await cri.container({ id: pod.id, config }, request);
  await cri.call('StartContainer', { container_id: id });
  fill();
  writeFileSync(join(folder, 'go'), '');
  let status = await cri.statusOf(id);
  for (let tries = 0; tries < 600 && status.state !== 'CONTAINER_EXITED'; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    status = await cri.statusOf(id);
  }
  t.match(status, { state: 'CONTAINER_EXITED', exit_code: 4 });
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  rmSync(filler);
});
