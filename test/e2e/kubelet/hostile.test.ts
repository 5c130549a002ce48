/**
 * Pods that mean harm, all at once: they race with links, flood, never answer, never end. None gets
 * out, the node stays ready, and other pods start as ever. Bombs of processes and memory are in
 * test/lab, whose kernel has the limits.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { openRuntime } from '../../../src/kubelet/runtime/open-runtime.ts';
import { FaultyNode } from './faulty-node.ts';
import { shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const faulty = await FaultyNode.start({
  configuration: {
    runtimeRequestTimeout: '2m',
    containerLogMaxSize: '1Mi',
    containerLogMaxFiles: 3,
    containerLogMonitorInterval: '500ms',
  },
});
t.teardown(() => faulty[Symbol.asyncDispose]());
const { node } = faulty;
const marker = `${node.folder}/marker`;
writeFileSync(marker, 'of the host');

const volumes = [
  { name: 'data', emptyDir: {} },
  { name: 'starts', hostPath: { path: `${node.folder}/starts` } },
];
const starts = { name: 'starts', mountPath: '/starts' };
const data = { name: 'data', mountPath: '/data' };
const never = { exec: { command: ['sleep', '100000'] } };
const loud = { exec: { command: ['yes', 'x'.repeat(1000)] } };
const often = { periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 1000 };

/** Swaps a folder for a link to the host's root, over and over; others mount it. */
const swapping = `while :; do mkdir /data/sub; mv /data/sub /data/old; ln -s / /data/sub; \
mv /data/sub /data/old2; rm -rf /data/old /data/old2; sleep 0.01; done`;
const looking = `[ ! -e /mnt${marker} ] || echo escaped >>/starts/escaped; exit 1`;
const lookers = Array.from({ length: 6 }, (_, index) =>
  shell(looking, {
    name: `looks-${index}`,
    volumeMounts: [starts, { name: 'data', mountPath: '/mnt', subPath: 'sub' }],
  }),
);
const variables = Array.from({ length: 4000 }, (_, index) => ({
  name: `VARIABLE_${index}`,
  value: 'x'.repeat(100),
}));

const one = (script: string, more: object = {}) => ({ containers: [shell(script, more)] });
const hostile: Readonly<Record<string, object>> = {
  races: { volumes, containers: [shell(swapping, { volumeMounts: [data] }), ...lookers] },
  floods: one(`yes "$(seq 1 50)" | head -n 1000000; ${waiting}`),
  speaks: one('yes | head -n 4000000 >/dev/termination-log; exit 3'),
  'many-words': one(`env | grep -c VARIABLE_ >/dev/termination-log; exit 0`, { env: variables }),
  probed: one(waiting, { livenessProbe: { ...never, ...often }, readinessProbe: never }),
  'loud-probe': one(waiting, { readinessProbe: { ...loud, ...often } }),
  hooked: one(waiting, { lifecycle: { postStart: never } }),
  'stays-on': one('trap "" TERM; while :; do sleep 1; done', { lifecycle: { preStop: never } }),
};

const rssMib = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

async function started(name: string): Promise<number> {
  const begun = Date.now();
  await faulty.create(name, () => undefined);
  await node.ready(name);
  return Date.now() - begun;
}

/** Within the node's patience: machines of tests have no more to promise. */
t.test('a pod starts while the others do their worst', async (t) => {
  const alone = await started('alone');
  for (const [name, spec] of Object.entries(hostile)) await node.create(spec, { name });
  const annotations = { big: 'x'.repeat(250_000) };
  const items = [{ path: 'all', fieldRef: { fieldPath: 'metadata.annotations' } }];
  const downward = { name: 'data', downwardAPI: { items } };
  const told = one('cat /data/all >/dev/termination-log; exit 0', { volumeMounts: [data] });
  await node.create({ ...told, volumes: [downward] }, { name: 'annotated', annotations });
  const tooBig = { valueFrom: { fieldRef: { fieldPath: "metadata.annotations['big']" } } };
  const env = [{ name: 'BIG', ...tooBig }];
  await node.create(one(waiting, { env }), { name: 'too-big', annotations });
  for (const name of ['floods', 'stays-on', 'probed']) {
    await node.until(name, (pod) => pod?.status?.containerStatuses?.[0]?.started === true);
  }
  for (const name of ['first', 'second', 'third']) {
    const ms = await started(name);
    t.comment(`${ms} ms; ${alone} ms alone`);
    t.equal(await faulty.condition('Ready'), 'True');
    await delay(500);
  }
});

const lastOf = (name: string) =>
  node.until(name, (pod) => {
    const [status] = pod?.status?.containerStatuses ?? [];
    return (status?.state?.terminated ?? status?.lastState?.terminated) !== undefined;
  });

async function messageOf(name: string): Promise<string> {
  const [status] = (await lastOf(name))?.status?.containerStatuses ?? [];
  return (status?.state?.terminated ?? status?.lastState?.terminated)?.message ?? '';
}

t.test('what they say is cut, what they are given is whole', async (t) => {
  t.equal((await messageOf('speaks')).length, 4096);
  t.equal(await messageOf('many-words'), '4000\n');
  t.match(await messageOf('annotated'), /^big="xxx/);
  const refused = await node.until('too-big', (pod) => {
    const [status] = pod?.status?.containerStatuses ?? [];
    return /too long|E2BIG/.test(JSON.stringify(status ?? {}));
  });
  t.ok(refused, 'a variable that no program can be given is told');
});

t.test('nobody got out, nothing piled up', async (t) => {
  t.equal(faulty.count('escaped'), 0);
  using runtime = openRuntime(node.runtime.socket);
  const uid = (await node.pod('probed'))?.metadata.uid ?? '';
  const label_selector = { 'io.kubernetes.pod.uid': uid };
  const [container] = await runtime.listContainers({ label_selector });
  const { stdout } = await runtime.execSync(container?.id ?? '', ['ps'], 30);
  const sleeps = stdout.toString().match(/sleep 100000/g)?.length ?? 0;
  t.ok(sleeps <= 4, `${sleeps} probes are there`);
  for (const pid of [node.kubeletPid, node.runtime.pid]) {
    t.ok(rssMib(pid) < 500, `${rssMib(pid).toFixed(0)} MiB`);
  }
});

t.test('all of them go when they are to, in the grace that they have', async (t) => {
  const names = [...Object.keys(hostile), 'annotated', 'too-big'];
  const all = [...names, 'alone', 'first', 'second', 'third'];
  for (const name of all) await node.delete(name, 1);
  for (const name of all) await node.gone(name);
  t.same(await faulty.leftovers(), []);
});
