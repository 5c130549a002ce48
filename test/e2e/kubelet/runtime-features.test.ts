/** What a pod asks of its runtime's handler: the handler itself, user namespaces, image volumes. */
import { chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { beforeLinux } from '../../kernel/skip.ts';
import { PrivateNode, shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const node = await PrivateNode.start();
t.teardown(() => node[Symbol.asyncDispose]());
const hasEnded = (pod: Pod | undefined) => /^(Failed|Succeeded)$/.test(pod?.status?.phase ?? '');

/** What the pod's program says of itself at its end. */
async function wordsOf(name: string): Promise<string> {
  const pod = await node.until(name, hasEnded);
  return pod?.status?.containerStatuses?.[0]?.state?.terminated?.message ?? '';
}

const reasonOf = (pod: Pod | undefined) =>
  pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason;

async function end(...names: readonly string[]): Promise<void> {
  for (const name of names) await node.delete(name, 1);
  for (const name of names) await node.gone(name);
}

t.test('a RuntimeClass may name keelson itself', async (t) => {
  const { process: server } = node.coordinator;
  const classes = '/apis/node.k8s.io/v1/runtimeclasses';
  await node.coordinator.make(classes, { metadata: { name: 'own' }, handler: 'keelson' });
  const pod = { restartPolicy: 'Never', containers: [shell('exit 4')], runtimeClassName: 'own' };
  await node.create(pod, { name: 'named' });
  const ended = await node.until('named', hasEnded);
  t.match(ended?.status?.containerStatuses?.[0]?.state?.terminated, { exitCode: 4 });
  const { text } = await server.asAdmin(`GET /api/v1/nodes/${node.name}`);
  const { status } = JSON.parse(text) as { status: { runtimeHandlers: object[] } };
  const features = { recursiveReadOnlyMounts: true, userNamespaces: true };
  t.match(status.runtimeHandlers[1], { name: 'keelson', features });
  await end('named');
});

const hostUsers = false;
/** Owners of a tmpfs, where tokens lie, are translated from then on. */
const old = beforeLinux(6, 3);
const rangeOf = (uid = ''): number => {
  const text = readFileSync(`${node.folder}/kubelet/pods/${uid}/userns`, 'utf8');
  const { uidMappings } = JSON.parse(text) as { uidMappings: { hostId: number }[] };
  return uidMappings[0]?.hostId ?? 0;
};

/** How its main container ended; one that was started again at once did so last time. */
function endOf(pod: Pod | undefined) {
  const main = pod?.status?.containerStatuses?.find(({ name }) => name === 'main');
  return main?.state?.terminated ?? main?.lastState?.terminated;
}

t.test('root in a pod with users of its own is nobody on the node', { skip: old }, async (t) => {
  const host = `${node.folder}/host`;
  mkdirSync(host);
  chownSync(host, 1000, 1000);
  const volumes = [
    { name: 'host', hostPath: { path: host } },
    { name: 'own', emptyDir: {} },
    {
      name: 'words',
      downwardAPI: { items: [{ path: 'n', fieldRef: { fieldPath: 'metadata.name' } }] },
    },
  ];
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
  const script =
    'id -u; cut -c1-40 /proc/self/uid_map; stat -c "%u:%g" /host /own /words/n /etc/hosts; ' +
    'echo mine >/own/file; stat -c "%u:%g" /own/file';
  const containers = [
    shell(`(${script}) >/dev/termination-log 2>&1`, { volumeMounts }),
    shell(`sleep 3; ${waiting}`, { name: 'beside', volumeMounts }),
  ];
  const securityContext = { fsGroup: 3000 };
  await node.create({ hostUsers, containers, volumes, securityContext }, { name: 'own' });
  const pod = await node.until('own', (one) => endOf(one) !== undefined);
  const [user, map = '', ...owners] = (endOf(pod)?.message ?? '').trim().split('\n');
  t.equal(user, '0');
  const first = rangeOf(pod?.metadata.uid);
  t.same(map.trim().split(/\s+/), ['0', String(first), '65536']);
  t.equal(first % 65_536, 0);
  t.ok(first >= 65_536, 'no user of the node');
  const here = '1000:1000, 0:3000, 0:3000, 0:0, 0:3000'.split(', ');
  t.same(owners, here, 'files have the owners that they have on the node');
  const folder = `${node.folder}/kubelet/pods/${pod?.metadata.uid}`;
  t.equal(statSync(`${folder}/volumes/kubernetes.io~empty-dir/own/file`).uid, 0);
});

t.test('no two pods share users, whatever is restarted', { skip: old }, async (t) => {
  const create = (name: string) =>
    node.create({ hostUsers, containers: [shell(waiting)] }, { name });
  const names = ['one', 'two', 'three'];
  await Promise.all(names.map(create));
  const before = await Promise.all(names.map((name) => node.ready(name)));
  const uids = before.map((pod) => pod?.metadata.uid);
  const ranges = uids.map(rangeOf);
  t.equal(new Set([...ranges, rangeOf((await node.pod('own'))?.metadata.uid)]).size, 4);
  await node.down('SIGKILL');
  await node.runtime.down('SIGKILL');
  await node.runtime.up();
  await node.up();
  t.same(uids.map(rangeOf), ranges, 'they keep them');
  await end('own', 'two');
  await Promise.all(['four', 'five'].map(create));
  const after = await Promise.all(['four', 'five'].map((name) => node.ready(name)));
  const all = [uids[0], uids[2], ...after.map((pod) => pod?.metadata.uid)].map(rangeOf);
  t.equal(new Set(all).size, 4);
  t.notOk(existsSync(`${node.folder}/kubelet/pods/${uids[1]}`));
  const kept = await node.ready('one');
  t.equal(kept?.status?.containerStatuses?.[0]?.restartCount, 0);
  await end('one', 'three', 'four', 'five');
});

t.test('an image is a volume: all of it or a part, to be read', async (t) => {
  const make = 'mkdir -p /data/in; echo hello >/data/in/file';
  await node.runtime.run('run', '--name', 'maker', 'busybox', 'sh', '-c', make);
  await node.runtime.run('commit', 'maker', 'content');
  await node.runtime.run('rm', 'maker');
  const volumes = [{ name: 'content', image: { reference: 'content', pullPolicy: 'Never' } }];
  const volumeMounts = [
    { name: 'content', mountPath: '/all' },
    { name: 'content', mountPath: '/part', subPath: 'data/in' },
  ];
  const script = 'cat /all/data/in/file /part/file; touch /part/new';
  const containers = [shell(`(${script}) >/dev/termination-log 2>&1`, { volumeMounts })];
  const spec = { restartPolicy: 'Never', containers, volumes };
  await node.create(spec, { name: 'reader' });
  t.match(await wordsOf('reader'), /^hello\nhello\ntouch: .*Read-only file system/);
  await node.told('reader', /^Pulled Container image "content" already present on machine/);
  await node.create({ ...spec, ...(old === false && { hostUsers }) }, { name: 'mapped' });
  t.match(await wordsOf('mapped'), /^hello\nhello\ntouch: .*Read-only file system/);
  await end('reader', 'mapped');
});

t.test('an image volume that cannot be is told as an image of a container is', async () => {
  const create = (name: string, image: object, subPath = '') => {
    const volumes = [{ name: 'content', image }];
    const volumeMounts = [{ name: 'content', mountPath: '/content', subPath }];
    return node.create({ containers: [shell(waiting, { volumeMounts })], volumes }, { name });
  };
  await create('never', { reference: 'nosuch:1', pullPolicy: 'Never' });
  await create('absent', { reference: '127.0.0.1:1/nosuch:1', pullPolicy: 'IfNotPresent' });
  await create('nowhere', { reference: 'content', pullPolicy: 'Never' }, 'no/such');
  await node.until('never', (pod) => reasonOf(pod) === 'ErrImageNeverPull');
  const never =
    /^ErrImageNeverPull Container image "nosuch:1" is not present with pull policy of N/;
  await node.told('never', never);
  await node.told('never', /^Failed Error: ErrImageNeverPull$/);
  await node.until('absent', (pod) =>
    /^(ErrImagePull|ImagePullBackOff)$/.test(reasonOf(pod) ?? ''),
  );
  await node.told('absent', /^Failed Failed to pull image "127.0.0.1:1\/nosuch:1": /);
  await node.told('absent', /^BackOff Back-off pulling image "127.0.0.1:1\/nosuch:1"/);
  await node.until('nowhere', (pod) => reasonOf(pod) === 'CreateContainerError');
  await node.told('nowhere', /^Failed Error: .*ImageVolumeMountFailed/);
  await end('never', 'absent', 'nowhere');
});
