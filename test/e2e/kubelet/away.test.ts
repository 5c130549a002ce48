/**
 * A node whose coordinator is away for a while: what runs goes on and is restarted, memory and log
 * stay small, and what happened meanwhile is told when it is back. KEELSON_AWAY_SECONDS=3600 makes
 * it the whole hour.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { openRuntime } from '../../../src/kubelet/runtime/open-runtime.ts';
import { until } from '../../until.ts';
import { Door } from './away-door.ts';
import { FaultyNode } from './faulty-node.ts';
import { isTrue, shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

const seconds = Number(process.env['KEELSON_AWAY_SECONDS'] ?? 8);
t.setTimeout((600 + seconds) * 1000);
const faulty = await FaultyNode.start({ started: false });
t.teardown(() => faulty[Symbol.asyncDispose]());
const { node } = faulty;
const door = await Door.before(node.coordinator.process.url);
t.teardown(() => door[Symbol.asyncDispose]());
const kubeconfig = `${node.folder}/kubeconfig`;
const { url } = node.coordinator.process;
const text = readFileSync(node.coordinator.process.kubeconfig, 'utf8');
writeFileSync(kubeconfig, text.replaceAll(url, `https://127.0.0.1:${door.port}`));
node.kubeconfig = kubeconfig;
await node.up();

const starts = { path: `${node.folder}/starts` };
const volumeMounts = [{ name: 'starts', mountPath: '/starts' }];
const common = {
  volumes: [{ name: 'starts', hostPath: starts }],
  // However long it takes nobody is to drive them away.
  tolerations: [{ operator: 'Exists' }],
};
/** One container that sees the folder of starts. */
const main = (script: string, more: object = {}) => ({
  ...common,
  containers: [shell(script, { volumeMounts, ...more })],
});

const tell = (name: string): void => writeFileSync(`${starts.path}/${name}`, '');

const rssKib = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${node.kubeletPid}/status`, 'utf8'))?.[1]);
const logBytes = (): number => statSync(`${node.folder}/kubelet.log`).size;

t.test(
  'a coordinator that is away changes nothing, and hears of all when it is back',
  async (t) => {
    const { coordinator } = node;
    const config = { metadata: { name: 'settings' }, data: { WORD: 'kept' } };
    await coordinator.make('/api/v1/namespaces/default/configmaps', config);
    const crash =
      'echo "$WORD" >>/starts/crash-main; until [ -e /starts/crash ]; do sleep 0.1; done';
    const envFrom = [{ configMapRef: { name: 'settings' } }];
    const ready = { exec: { command: ['test', '!', '-e', '/starts/unready'] }, periodSeconds: 1 };
    await node.create(main(`${crash}; rm /starts/crash; exit 7`, { envFrom }), { name: 'crash' });
    await node.create(main(waiting, { readinessProbe: ready }), { name: 'steady' });
    const ends = 'until [ -e /starts/end ]; do sleep 0.1; done; echo bye >/dev/termination-log';
    await node.create({ ...main(ends), restartPolicy: 'Never' }, { name: 'brief' });
    await node.create(main(waiting), { name: 'deleted' });
    for (const name of ['crash', 'steady', 'brief', 'deleted']) await node.ready(name);
    const before = { rss: rssKib(), log: logBytes() };
    door.shut();
    tell('crash');
    tell('end');
    tell('unready');
    t.ok(await until(() => faulty.starts('crash', 'main') === 2), 'it is restarted meanwhile');
    await node.delete('deleted', 0);
    await node.create(main(waiting), { name: 'new' });
    await delay(seconds * 1000);
    const after = { rss: rssKib(), log: logBytes() };
    const story = `${JSON.stringify(before)}, then ${JSON.stringify(after)}`;
    t.ok(after.rss - before.rss < 60 * 1024, `memory: ${story}`);
    t.ok(after.log - before.log < 64 * 1024 + seconds * 1024, `log: ${story}`);
    t.match(await node.pod('brief'), { status: { phase: 'Running' } }, 'nobody was told yet');
    using runtime = openRuntime(node.runtime.socket);
    const names = async () => (await runtime.listPods()).map((pod) => pod.metadata?.name ?? '');
    t.equal((await names()).length, 4, 'pods are as they were');
    t.ok((await names()).includes('deleted'));

    door.open();
    const crashed = await node.until('crash', (pod) => {
      return (pod?.status?.containerStatuses?.[0]?.restartCount ?? 0) === 1 && isTrue(pod, 'Ready');
    });
    t.match(crashed?.status?.containerStatuses?.[0]?.lastState, { terminated: { exitCode: 7 } });
    const counted = readFileSync(`${starts.path}/crash-main`, 'utf8');
    t.equal(counted, 'kept\nkept\n', 'with the variables that it had');
    const ended = await node.until('brief', (pod) => pod?.status?.phase === 'Succeeded');
    t.match(ended?.status?.containerStatuses?.[0]?.state, { terminated: { message: 'bye\n' } });
    const steady = await node.until('steady', (pod) => !isTrue(pod, 'Ready'));
    t.equal(steady?.status?.containerStatuses?.[0]?.restartCount, 0);
    await node.ready('new');
    t.ok(await until(async () => !(await names()).includes('deleted')), 'what was deleted is gone');
    for (const name of ['crash', 'steady', 'brief', 'new']) await node.delete(name);
    for (const name of ['crash', 'steady', 'brief', 'new']) await node.gone(name);
    t.same(await faulty.leftovers(), []);
  },
);
