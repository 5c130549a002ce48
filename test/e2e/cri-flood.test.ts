/** Containers that print as fast as they can, and terminals that are resized as fast as that. */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { clients, hear, versions } from '../command-client.ts';
import { type Answer, CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { descriptorsOf } from './processes.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(280_000);
const mebibyte = 1024 * 1024;
/** Bytes that one container prints; a disk has to take them, so it is not a minute's worth. */
const floodBytes = Number(process.env['KEELSON_FLOOD_MEBIBYTES'] ?? 512) * mebibyte;
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());
const log_directory = `${runtime.folder}/logs`;
mkdirSync(log_directory);
const config = {
  metadata: { name: 'flood', uid: 'u', namespace: 'n', attempt: 0 },
  log_directory,
  linux: { security_context: { namespace_options: { network: 'NODE', pid: 'CONTAINER' } } },
};
const pod = { id: await cri.pod(config), config };

function start(name: string, script: string, more: object = {}): Promise<string> {
  const command = ['sh', '-c', script];
  const image = { image: 'busybox' };
  return cri.run(pod, { metadata: { name }, image, command, log_path: `${name}.log`, ...more });
}

async function ended(id: string): Promise<Answer> {
  let status = await cri.statusOf(id);
  await until(async () => {
    status = await cri.statusOf(id);
    return status.state === 'CONTAINER_EXITED';
  });
  return status;
}

const residentKib = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

const logFiles = (name: string): string[] =>
  readdirSync(log_directory)
    .filter((file) => file.startsWith(`${name}.log`))
    .map((file) => `${log_directory}/${file}`);

async function shimPid(): Promise<number> {
  const request = { pod_sandbox_id: pod.id, verbose: true };
  return JSON.parse((await cri.call('PodSandboxStatus', request)).info.info).pid;
}

const line = 'x'.repeat(1023);
/** What is printed again and again, so that the printing costs next to nothing. */
const blockBytes = 16 * mebibyte;

t.test('who prints all the time costs the runtime nothing, and no line is lost', async (t) => {
  const shim = await shimPid();
  await cri.output(await start('warm', 'sleep 1000'), 'true');
  const before = { runtime: residentKib(runtime.pid), shim: residentKib(shim) };
  const peak = { runtime: 0, shim: 0 };
  const begun = performance.now();
  mkdirSync(`${runtime.folder}/source`);
  writeFileSync(`${runtime.folder}/source/block`, `${line}\n`.repeat(blockBytes / 1024));
  const mounts = [{ host_path: `${runtime.folder}/source`, container_path: '/tmp' }];
  const blocks = Array.from({ length: floodBytes / blockBytes }, () => '/tmp/block').join(' ');
  const id = await start('flood', `cat ${blocks}; exit 3`, { mounts });
  let slowestMs = 0;
  let rotations = 0;
  const progress = { over: false };
  const end = ended(id).finally(() => (progress.over = true));
  while (!progress.over) {
    const asked = performance.now();
    await cri.call('ListContainers');
    slowestMs = Math.max(slowestMs, performance.now() - asked);
    peak.runtime = Math.max(peak.runtime, residentKib(runtime.pid));
    peak.shim = Math.max(peak.shim, residentKib(shim));
    if (rotations < 3 && statSync(`${log_directory}/flood.log`).size > floodBytes / 8) {
      renameSync(`${log_directory}/flood.log`, `${log_directory}/flood.log.${rotations}`);
      await cri.call('ReopenContainerLog', { container_id: id }).catch(() => undefined);
      rotations += 1;
    }
    await sleep(20);
  }
  const { exit_code, started_at, finished_at } = await end;
  t.equal(exit_code, 3);
  const seconds = (finished_at - started_at) / 1e9;
  const rate = (floodBytes / mebibyte / seconds).toFixed(0);
  t.comment(`${rate} MiB/s through the shim; asked meanwhile: at most ${slowestMs.toFixed(0)} ms`);
  t.ok(performance.now() - begun < 120_000);
  const grown = { runtime: peak.runtime - before.runtime, shim: peak.shim - before.shim };
  t.ok(grown.runtime < 64 * 1024, `the runtime has grown by ${grown.runtime} KiB`);
  t.ok(grown.shim < 4 * 1024, `its shim by ${grown.shim} KiB`);
  const expected = 'YYYY-MM-DDTHH:MM:SS.123456789Z stdout F '.length + line.length + 1;
  const bytes = logFiles('flood').reduce((sum, path) => sum + statSync(path).size, 0);
  t.equal(bytes, (floodBytes / 1024) * expected, `all of it, in ${logFiles('flood').length} files`);
  await cri.remove(id);
});

t.test('a line without end is cut, and is whole when it is put together', async (t) => {
  const id = await start('long', `head -c ${3 * mebibyte} /dev/zero | tr '\\0' y; echo end`);
  t.match(await ended(id), { exit_code: 0 });
  const parts = readFileSync(`${log_directory}/long.log`, 'utf8').trimEnd().split('\n');
  const texts = parts.map((text) => /^\S+ stdout [PF] (.*)$/.exec(text)?.[1] ?? 'damaged');
  t.equal(texts.join(''), `${'y'.repeat(3 * mebibyte)}end`);
  t.ok(parts.slice(0, -1).every((text) => / stdout P /.test(text)));
  await cri.remove(id);
});

for (const kind of ['spdy', 'websocket'] as const) {
  t.test(
    `${kind}: a storm of sizes: the last one holds, nothing is left of the others`,
    async (t) => {
      const id = await start(`tty-${kind}`, 'sleep 1000');
      await hear(await clients[kind]((await exec(['true'])).url, quiet(kind)));
      const files = descriptorsOf(runtime.pid);
      const cmd = [
        'sh',
        '-c',
        'until [ "$(stty size)" = "77 177" ]; do sleep 0.1; done; echo over',
      ];
      const request = { container_id: id, cmd, tty: true, stdin: true, stdout: true };
      const { url } = await cri.call('Exec', request);
      const wanted = { protocols: [versions[kind][0]], stdin: true, stdout: true, resize: true };
      const session = await clients[kind](url, wanted);
      const heard = hear(session);
      const before = residentKib(runtime.pid);
      for (let round = 0; round < 5000; round += 1) {
        const size = `{"Width":${10 + (round % 200)},"Height":${10 + (round % 50)}}\n`;
        if (!session.resize.write(size)) await once(session.resize, 'drain');
      }
      session.resize.write('{"Width":177,"Height":77}\n');
      t.match((await heard).stdout, /over/);
      const grown = residentKib(runtime.pid) - before;
      t.ok(grown < 64 * 1024, `${grown} KiB more`);
      t.ok(await until(() => descriptorsOf(runtime.pid) <= files), 'no descriptor more');
      await cri.remove(id);

      function exec(words: string[]): Promise<Answer> {
        return cri.call('Exec', { container_id: id, cmd: words, stdout: true, stderr: true });
      }
    },
  );
}

const quiet = (kind: 'spdy' | 'websocket') => ({
  protocols: [versions[kind][0]],
  stdout: true,
  stderr: true,
});

t.test('all of it goes', async (t) => {
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  t.same(await runtime.leftovers(), []);
});
