/**
 * Pods made, used and removed over and over, as by a restless cluster: nothing piles up. A short
 * run by default; KEELSON_CHURN_SECONDS and KEELSON_CHURN_PODS make it the whole (600 and 110).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { until } from '../until.ts';
import { CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

const seconds = Number(process.env['KEELSON_CHURN_SECONDS'] ?? 12);
const pods = Number(process.env['KEELSON_CHURN_PODS'] ?? 12);
t.setTimeout((seconds + 200) * 1000);
const host = `keelson-churn-${process.pid}`;
const ip = (...args: string[]): string =>
  execFileSync('ip', ['-n', host, ...args], { encoding: 'utf8' });
execFileSync('ip', ['netns', 'add', host]);
t.teardown(() => execFileSync('ip', ['netns', 'delete', host]));
ip('link', 'set', 'lo', 'up');

const folder = t.testdir({ 'net.d': {}, bin: {} });
const ranges = [[{ subnet: '10.88.0.0/16' }]];
const ipam = { type: 'host-local', dataDir: `${folder}/leases`, ranges };
const plugins = [{ type: 'bridge', bridge: 'br0', isGateway: true, ipam }];
const network = { cniVersion: '1.0.0', name: 'churn', plugins };
writeFileSync(`${folder}/net.d/10-churn.conflist`, JSON.stringify(network));
process.env['KEELSON_CNI_CONFIG'] = `${folder}/net.d`;
process.env['KEELSON_CNI_PLUGINS'] = `${folder}/bin`;
const heapFile = `${folder}/heap`;
process.env['KEELSON_TEST_HEAP'] = heapFile;
const preload = fileURLToPath(new URL('used-heap.ts', import.meta.url));
process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --import=${preload}`;
const runtime = await PrivateRuntime.start({ within: ['nsenter', `--net=/run/netns/${host}`] });
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

let made = 0;
const ids = new Set<string>();

/** A pod with a short life: programs that end, that are stopped, that are killed; execs. */
async function life(): Promise<void> {
  const name = `p${(made += 1)}`;
  const log_directory = `${runtime.folder}/logs/${name}`;
  mkdirSync(log_directory, { recursive: true });
  const metadata = { name, uid: name, namespace: 'ns', attempt: 0 };
  const pid = made % 2 === 0 ? 'POD' : 'CONTAINER';
  const linux = { security_context: { namespace_options: { pid } } };
  const config = { metadata, log_directory, linux };
  const pod = { id: await cri.pod(config), config };
  ids.add(pod.id);
  const run = (word: string, script: string): Promise<string> =>
    cri.run(pod, {
      metadata: { name: word, attempt: 0 },
      image: { image: 'busybox' },
      command: ['sh', '-c', script],
      log_path: `${word}.log`,
    });
  await run('brief', 'echo done');
  const willing = await run('willing', 'trap "exit 0" TERM; sleep 1000 & wait');
  await run('stubborn', '(sleep 1000 &) ; exec sleep 1000');
  const cmd = ['sh', '-c', 'sleep 0.2 >/dev/null 2>&1 & echo in'];
  await cri.call('ExecSync', { container_id: willing, cmd, timeout: 60 });
  await cri.call('StopContainer', { container_id: willing, timeout: 10 });
  if (made % 3 === 0) await cri.call('StopPodSandbox', { pod_sandbox_id: pod.id });
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
}

async function churn(forMs: number): Promise<void> {
  const end = Date.now() + forMs;
  const worker = async (): Promise<void> => {
    while (Date.now() < end) await life();
  };
  await Promise.all(Array.from({ length: pods }, worker));
}

const ownPins = (): string[] =>
  readdirSync('/run/netns').filter((name) => ids.has(name.replace(/^keelson-/, '')));

/** Processes in a cgroup of the runtime's, or that name its folder or a pod (shims do). */
function processes(): number {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isOurs(pid)).length;
}

function isOurs(pid: string): boolean {
  try {
    const words = ['cgroup', 'cmdline'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
    const isShim = ids.has(words[1]?.split('\0')[2] ?? '');
    return isShim || words.some((text) => text.includes(runtime.name));
  } catch {
    return false;
  }
}

const children = (pid: number): string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');

function use() {
  const { pid } = runtime;
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    children: children(pid).length,
    processes: processes(),
    links: ip('-o', 'link').trim().split('\n').length,
    mounts: readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n').length,
    rssKib: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
  };
}

/** What is in use when all garbage is collected. */
async function heapKib(): Promise<number> {
  rmSync(heapFile, { force: true });
  process.kill(runtime.pid, 'SIGUSR2');
  await until(() => existsSync(heapFile));
  return Math.round(Number(readFileSync(heapFile, 'utf8')) / 1024);
}

t.test('pods come and go for a while, and nothing is left but the runtime', async (t) => {
  await churn((seconds * 1000) / 3);
  const before = use();
  const heapBefore = await heapKib();
  const madeBefore = made;
  await churn((seconds * 2000) / 3);
  t.same((await cri.call('ListPodSandbox')).items, []);
  t.same(await runtime.leftovers(), [], 'no file, mount, cgroup');
  t.same(ownPins(), [], 'no network namespace');
  const leases = readdirSync(`${folder}/leases/churn`).filter((name) => /^[\d.]+$/.test(name));
  t.same(leases, [], 'no address');
  const holds = (): boolean => {
    const now = use();
    const counts = ['descriptors', 'children', 'processes', 'links'] as const;
    return counts.every((count) => now[count] <= before[count] + 2);
  };
  for (let tries = 0; tries < 100 && !holds(); tries += 1) await sleep(100);
  const now = use();
  t.ok(holds(), `${made} pods: ${JSON.stringify(before)}, then ${JSON.stringify(now)}`);
  const grown = now.rssKib - before.rssKib;
  t.ok(grown < 120 * 1024, `${grown} KiB more after ${made} pods`);
  // The resident size moves with the collector and the allocator; what is in use tells of a leak.
  const heapGrown = (await heapKib()) - heapBefore;
  t.ok(heapGrown < 6 * 1024, `${heapGrown} KiB more in use after ${made - madeBefore} pods`);
  t.comment(`${heapBefore} KiB in use, then ${heapGrown} more`);
  t.comment(`${made} pods, ${JSON.stringify(now)}`);
});
