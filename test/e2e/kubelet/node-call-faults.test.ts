/** The kubelet's calls about the node, images, logs and streams, with faults in the way. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { startDockerRegistry } from '../image/docker-registry.ts';
import { until } from '../../until.ts';
import { FaultyNode } from './faulty-node.ts';
import { shell, waiting } from './private-node.ts';
import { type CallName, faults } from './runtime-proxy.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const faulty = await FaultyNode.start({
  started: false,
  configuration: {
    runtimeRequestTimeout: '3s',
    serializeImagePulls: false,
    podCIDR: '10.1.0.0/24',
    containerLogMaxSize: '20Ki',
    containerLogMonitorInterval: '200ms',
    containerLogMaxFiles: 100,
  },
});
t.teardown(() => faulty[Symbol.asyncDispose]());
const { node, proxy } = faulty;
const registry = await startDockerRegistry({ plain: true });
t.teardown(() => registry[Symbol.asyncDispose]());

const hitOf = async (hits: readonly Promise<void>[]): Promise<boolean> => {
  const late = delay(120_000, false, { ref: false });
  return await Promise.race([Promise.all(hits).then(() => true), late]);
};

t.test('a kubelet starts though each of its first calls fails once and hangs once', async (t) => {
  const names: readonly CallName[] = ['Version', 'RuntimeConfig', 'Status', 'UpdateRuntimeConfig'];
  const more: readonly CallName[] = ['ListImages', 'ImageFsInfo', 'GetContainerEvents'];
  const lists: readonly CallName[] = ['ListPodSandbox', 'ListContainers'];
  const hits = [...names, ...more, ...lists].flatMap((name) => {
    const about = lists.includes(name) ? '' : undefined;
    const first = { name, ...(about !== undefined && { about }) };
    // Lists of images are asked for once a minute: the second one nobody waits for.
    const fails = proxy.lay({ ...first, fault: faults.fails });
    if (name === 'ListImages') return [fails];
    return [fails, proxy.lay({ ...first, fault: faults.hangs })];
  });
  await node.up();
  await faulty.create('first', () => undefined);
  await node.ready('first');
  t.ok(await until(async () => (await faulty.condition('Ready')) === 'True'), 'the node is ready');
  t.ok(await hitOf(hits), 'all faults were met');
  proxy.clear();
  t.equal(faulty.starts('first', 'main'), 1);
});

/** Ends once, a second after its start. */
const endsOnce = (word: string) => {
  const path = `/starts/${word}`;
  const first = `[ $(wc -l <${path}) -gt 1 ] || { sleep 1; exit 1; }`;
  return `echo started >>${path}; ${first}; ${waiting}`;
};

t.test('what ends is seen though events break off, fail or never come', async (t) => {
  const restarts = async (word: string, more?: () => void): Promise<void> => {
    const { volumes } = faulty.counted(word);
    const volumeMounts = [{ name: 'starts', mountPath: '/starts' }];
    const containers = [shell(endsOnce(word), { volumeMounts })];
    await node.create({ volumes, containers }, { name: word });
    await node.until(word, (pod) => pod?.status?.phase === 'Running');
    more?.();
    const again = await node.until(word, (pod) => {
      const [status] = pod?.status?.containerStatuses ?? [];
      return status?.restartCount === 1 && status.ready;
    });
    t.match(again?.status?.containerStatuses, [{ lastState: { terminated: { exitCode: 1 } } }]);
    await node.delete(word);
  };
  await restarts('broken', () => proxy.break());
  void proxy.lay({ name: 'GetContainerEvents', nth: 'all', fault: faults.fails });
  proxy.break();
  await restarts('failing');
  proxy.clear();
});

const imageOf = (name: string) => `${registry.host}/${name}:1`;

t.test('images are found and pulled though calls about them fail', async (t) => {
  const names = ['status-fails', 'status-hangs', 'pull-fails', 'pull-lost'];
  const push = async (name: string): Promise<void> => {
    for (const line of [['tag', 'busybox'], ['push'], ['rmi']]) {
      const { code, stderr } = await node.runtime.run(...line, imageOf(name));
      if (code !== 0) throw new Error(stderr);
    }
  };
  await Promise.all(names.map(push));
  const hits: Promise<void>[] = [];
  const run = async (name: string, rule: { name: CallName; fault: keyof typeof faults }) => {
    const fault = faults[rule.fault];
    const containers = [shell(waiting, { image: imageOf(name), imagePullPolicy: 'Always' })];
    const lay = (uid: string) => {
      const about = rule.name === 'ImageStatus' ? imageOf(name) : uid;
      hits.push(proxy.lay({ name: rule.name, about, fault }));
    };
    await faulty.create(name, lay, { initContainers: [], containers });
  };
  await Promise.all([
    run('status-fails', { name: 'ImageStatus', fault: 'fails' }),
    run('status-hangs', { name: 'ImageStatus', fault: 'hangs' }),
    run('pull-fails', { name: 'PullImage', fault: 'fails' }),
    run('pull-lost', { name: 'PullImage', fault: 'loses its answer' }),
    run('never', { name: 'PullImage', fault: 'hangs' }),
  ]);
  for (const name of names) {
    const pod = await node.ready(name);
    t.equal(pod?.status?.containerStatuses?.[0]?.restartCount, 0, name);
  }
  t.ok(await hitOf(hits), 'all faults were met');
  t.match(await node.pod('never'), { status: { phase: 'Pending' } });
  for (const name of [...names, 'never']) await node.delete(name);
  await node.gone('never');
});

t.test('no line is lost while the reopening of logs fails', async (t) => {
  const hits: Promise<void>[] = [];
  const lines = 'j=0; while [ $j -lt 100 ]; do i=$((i+1)); j=$((j+1)); echo line $i; done';
  const rounds = `until [ -e /starts/stop ]; do ${lines}; sleep 0.05; done`;
  const script = `i=0; ${rounds}; echo end; ${waiting}`;
  const volumeMounts = [{ name: 'starts', mountPath: '/starts' }];
  const containers = [shell(script, { volumeMounts })];
  const lay = (about: string) => {
    for (const fault of Object.values(faults)) {
      hits.push(proxy.lay({ name: 'ReopenContainerLog', about, fault }));
    }
  };
  const uid = await faulty.create('chatty', lay, { initContainers: [], containers });
  t.ok(await hitOf(hits), 'all faults were met');
  const folder = `${node.folder}/logs/pods/default_chatty_${uid}/main`;
  const text = (): string =>
    readdirSync(folder)
      .map((name) => {
        const bytes = readFileSync(`${folder}/${name}`);
        return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
      })
      .join('');
  writeFileSync(`${node.folder}/starts/stop`, '');
  t.ok(await until(() => / F end$/m.test(text())));
  const numbers = [...text().matchAll(/ F line (\d+)/g)].map((match) => Number(match[1]));
  const last = numbers.length;
  t.ok(last > 100, `${last} lines`);
  t.same([new Set(numbers).size, Math.max(...numbers)], [last, last], 'each of them once');
  await node.delete('chatty', 0);
});

const { skip } = node.coordinator;
t.test('an exec that fails or hangs says so, and the next one works', { skip }, async (t) => {
  const exec = ['exec', 'first', '--', 'hostname'];
  for (const fault of [faults.fails, faults.hangs]) {
    // kubectl tries another protocol when one is refused.
    const hit = proxy.lay({ name: 'Exec', nth: 'all', fault });
    t.not(await node.coordinator.refusal(...exec), '');
    await hit;
    proxy.clear();
  }
  t.equal(await node.kubectl(...exec), 'first\n');
});

const summary = () => faulty.ask('/stats/summary');

t.test('statistics that fail are there at the next asking', async (t) => {
  for (const name of ['ListPodSandboxStats', 'ListContainerStats'] as const) {
    let met = false;
    void proxy.lay({ name, fault: faults.fails }).then(() => (met = true));
    let told = '';
    const asked = async () => {
      told = await summary().catch(String);
      return met;
    };
    t.ok(await until(asked), `${name} ${told.slice(0, 200)}`);
  }
  t.ok(await until(async () => /"first"/.test(await summary())));
});

t.test('nothing is left in the end', async (t) => {
  await node.delete('first');
  await node.gone('first');
  t.same(await faulty.leftovers(), []);
});
