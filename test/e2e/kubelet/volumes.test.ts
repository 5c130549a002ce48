/** The chapters on volumes, ConfigMaps and Secrets, typed with kubectl over our kubelet. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { PrivateNode, shell, waiting } from './private-node.ts';
import { until } from '../../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const node = await PrivateNode.start({ configuration: { oomScoreAdj: 7 } });
t.teardown(() => node[Symbol.asyncDispose]());
if (node.coordinator.skip !== false) {
  t.pass('skipped', { skip: node.coordinator.skip });
  process.exit();
}

const { kubectl } = { kubectl: (line: string) => node.kubectl(...line.split(' ')) };

/** What a container says in its last words, when it has ended. */
async function lastWords(name: string): Promise<string> {
  const pod = await node.until(name, (one) =>
    /^(Succeeded|Failed)$/.test(one?.status?.phase ?? ''),
  );
  return pod?.status?.containerStatuses?.[0]?.state?.terminated?.message ?? '';
}

interface Mounting {
  readonly [field: string]: unknown;
  readonly volumeMounts?: readonly object[];
}

/** Runs a script in a pod of its own and gives what it wrote. */
async function outputOf(name: string, script: string, spec: Mounting = {}): Promise<string> {
  const { volumeMounts, ...more } = spec;
  const container = shell(`(${script}) > /dev/termination-log 2>&1`, { volumeMounts });
  await node.create({ restartPolicy: 'Never', containers: [container], ...more }, { name });
  const words = await lastWords(name);
  await node.delete(name, 0);
  return words;
}

/** The volume is measured from time to time; the last test sees what became of it. */
const scratch = { name: 'scratch', emptyDir: { sizeLimit: '1Mi' } };
const overfull = shell(`dd if=/dev/zero of=/scratch/file bs=1M count=3; ${waiting}`, {
  volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
});
await node.create({ volumes: [scratch], containers: [overfull] }, { name: 'overfull' });

t.test('the kubelet has the oom score that it is configured with', async (t) => {
  t.equal(readFileSync(`/proc/${node.kubeletPid}/oom_score_adj`, 'utf8'), '7\n');
});

t.test('ConfigMaps are files, one for each key', async (t) => {
  await kubectl('create cm my-config --from-literal=something=else --from-literal=weather=sunny');
  const volumes = [{ name: 'config', configMap: { name: 'my-config' } }];
  const volumeMounts = [{ name: 'config', mountPath: '/etc/config' }];
  const script = 'ls /etc/config; cat /etc/config/weather; grep " /etc/config " /proc/mounts';
  const output = await outputOf('alpine', script, { volumes, volumeMounts });
  t.match(output, /^something\nweather\nsunny\S+ \/etc\/config \S+ ro,/);
  const items = [{ key: 'weather', path: 'sky/weather.txt' }];
  const chosen = [{ name: 'config', configMap: { name: 'my-config', items } }];
  const spec = { volumes: chosen, volumeMounts };
  t.equal(await outputOf('chosen', 'cat /etc/config/sky/*', spec), 'sunny');
  const subPath = [{ name: 'config', mountPath: '/etc/one', subPath: 'weather' }];
  t.equal(await outputOf('one', 'cat /etc/one', { volumes, volumeMounts: subPath }), 'sunny');
});

t.test('a change reaches a running container', async (t) => {
  await kubectl('create cm moving --from-literal=state=first');
  const volumes = [{ name: 'config', configMap: { name: 'moving' } }];
  const volumeMounts = [{ name: 'config', mountPath: '/etc/config' }];
  const script = 'until grep second /etc/config/state > /dev/termination-log; do sleep 0.1; done';
  const containers = [shell(script, { volumeMounts })];
  await node.create({ restartPolicy: 'Never', volumes, containers }, { name: 'watcher' });
  await node.until('watcher', (pod) => pod?.status?.phase === 'Running');
  await node.kubectl('patch', 'cm', 'moving', '-p', '{"data":{"state":"second"}}');
  t.equal(await lastWords('watcher'), 'second\n');
});

t.test('Secrets lie in memory under the names asked for', async (t) => {
  await kubectl(
    'create secret generic my-creds --from-literal=username=jdoe --from-literal=password=incognito',
  );
  const items = [
    { key: 'username', path: 'jenkins-user' },
    { key: 'password', path: 'jenkins-pass' },
  ];
  const secret = { secretName: 'my-creds', defaultMode: 0o444, items };
  const volumeMounts = [{ name: 'creds', mountPath: '/etc/secrets' }];
  const script =
    'ls /etc/secrets; cat /etc/secrets/jenkins-user; echo; ' +
    'stat -L -c %a /etc/secrets/jenkins-pass; grep " /etc/secrets " /proc/mounts';
  const spec = { volumes: [{ name: 'creds', secret }], volumeMounts };
  const output = await outputOf('jenkins', script, spec);
  t.match(output, /^jenkins-pass\njenkins-user\njdoe\n444\ntmpfs \/etc\/secrets tmpfs ro,/);
});

t.test('a pod waits for its Secret, and goes on when it comes', async (t) => {
  const volumes = [{ name: 'late', secret: { secretName: 'late' } }];
  const volumeMounts = [{ name: 'late', mountPath: '/late' }];
  const containers = [shell('cat /late/key > /dev/termination-log', { volumeMounts })];
  await node.create({ restartPolicy: 'Never', volumes, containers }, { name: 'patient' });
  const told = await until(
    async () => (await node.events('patient')).filter(({ reason }) => reason === 'FailedMount'),
    (events) => events.length > 0,
  );
  t.match(told, [
    { message: 'MountVolume.SetUp failed for volume "late" : secret "late" not found' },
  ]);
  await kubectl('create secret generic late --from-literal=key=value');
  t.equal(await lastWords('patient'), 'value');
});

t.test('every pod has the token of its account, the authority and its namespace', async (t) => {
  const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
  const script =
    `ls ${folder}; cat ${folder}/namespace; readlink ${folder}/token; ` +
    `head -c 20 ${folder}/ca.crt; grep serviceaccount /proc/mounts`;
  const output = await outputOf('account', script);
  t.match(output, /^ca.crt\nnamespace\ntoken\ndefault\.\.data\/token\n-----BEGIN CERTIFIC/);
  t.match(output, /tmpfs \/(var\/)?run\/secrets\/kubernetes.io\/serviceaccount tmpfs ro,/);
});

t.test('an emptyDir is shared by containers and outlives their restarts', async (t) => {
  const volumeMounts = [{ name: 'data', mountPath: '/data' }];
  const script =
    'if [ -e /data/first ]; then until [ -e /data/other ]; do sleep 0.1; done; ' +
    'cat /data/first /data/other > /dev/termination-log; exit 0; fi; ' +
    'echo kept > /data/first; exit 1';
  const writer = shell('echo other > /data/other', { name: 'writer', volumeMounts });
  const spec = {
    restartPolicy: 'OnFailure',
    volumes: [{ name: 'data', emptyDir: {} }],
    containers: [shell(script, { volumeMounts }), writer],
  };
  await node.create(spec, { name: 'redis' });
  t.equal(await lastWords('redis'), 'kept\nother\n');
  const pod = await node.pod('redis');
  t.equal(pod?.status?.containerStatuses?.[0]?.restartCount, 1);
  const uid = pod?.metadata.uid ?? '';
  await node.delete('redis', 0);
  await node.gone('redis');
  const isLeft = async () => Promise.resolve(existsSync(`${node.folder}/kubelet/pods/${uid}`));
  t.equal(await until(isLeft, (left) => !left), false, 'gone with the pod');
});

t.test('a file of the host stands in for one of the image', async (t) => {
  writeFileSync(`${node.folder}/prometheus.yml`, 'scrape');
  const hostPath = { path: `${node.folder}/prometheus.yml`, type: 'File' };
  const volumeMounts = [{ name: 'conf', mountPath: '/etc/hostname-of-mine' }];
  const spec = { volumes: [{ name: 'conf', hostPath }], volumeMounts };
  t.equal(await outputOf('host', 'cat /etc/hostname-of-mine', spec), 'scrape');
});

t.test('a claim of the default class keeps data beyond the pod, not beyond itself', async (t) => {
  await kubectl('delete sc local-folder');
  await node.coordinator.make('/apis/storage.k8s.io/v1/storageclasses', {
    metadata: {
      name: 'here',
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: 'keelson.dev/local-folder',
    parameters: { path: `${node.folder}/local-volumes` },
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  await node.coordinator.make('/api/v1/namespaces/default/persistentvolumeclaims', {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  t.match(await kubectl('get pvc data --no-headers'), /^data +Pending +here/);
  const spec = {
    nodeName: undefined,
    securityContext: { fsGroup: 1000 },
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  t.equal(await outputOf('first', 'echo kept > /data/file; stat -c %g /data', spec), '1000\n');
  t.match(await kubectl('get pvc data --no-headers'), /^data +Bound +pvc-\S+ +1Gi +RWO +here/);
  t.match(
    await kubectl('get pv --no-headers'),
    /^pvc-\S+ +1Gi +RWO +Delete +Bound +default\/data +here/,
  );
  await node.gone('first');
  const volume = (await kubectl('get pv -o name')).trim().replace('persistentvolume/', '');
  const who = [`--as=system:node:${node.name}`, '--as-group=system:nodes'];
  const asNode = (document: object) => {
    const patch = ['--type=merge', '-p', JSON.stringify(document)];
    return node.coordinator.refusal('patch', 'pv', volume, ...patch, ...who);
  };
  const finalizers = ['kubernetes.io/pv-protection', 'keelson.dev/local-folder'];
  t.equal(await asNode({ metadata: { finalizers } }), '', 'a node looks after its folder');
  t.match(await asNode({ spec: { local: { path: '/etc' } } }), /can only change the finalizer/);
  t.equal(await outputOf('second', 'cat /data/file', spec), 'kept\n');
  await node.gone('second');
  const events = await kubectl('get events --field-selector involvedObject.name=data');
  t.match(events, /ProvisioningSucceeded .*Successfully provisioned volume pvc-/);
  t.equal(readdirSync(`${node.folder}/local-volumes`).length, 1);
  await kubectl('delete pvc data --wait=false');
  const left = await until(
    () => kubectl('get pv --no-headers'),
    (text) => text === '',
  );
  t.equal(left, '');
  t.same(readdirSync(`${node.folder}/local-volumes`), []);
});

t.test('a running pod keeps its volumes over a kubelet that is killed', async (t) => {
  await kubectl('create secret generic held --from-literal=key=one');
  const volumes = [
    { name: 'held', secret: { secretName: 'held' } },
    { name: 'data', emptyDir: {} },
  ];
  const volumeMounts = [
    { name: 'held', mountPath: '/held' },
    { name: 'data', mountPath: '/data', subPath: 'part' },
  ];
  const script = `until grep two /held/key > /data/seen; do sleep 0.1; done; ${waiting}`;
  await node.create({ volumes, containers: [shell(script, { volumeMounts })] }, { name: 'held' });
  await node.ready('held');
  const { uid = '' } = (await node.pod('held'))?.metadata ?? {};
  const seen = `${node.folder}/kubelet/pods/${uid}/volumes/kubernetes.io~empty-dir/data/part/seen`;
  await node.down('SIGKILL');
  await node.kubectl('patch', 'secret', 'held', '-p', '{"stringData":{"key":"two"}}');
  await node.up();
  const text = await until(
    async () => Promise.resolve(existsSync(seen) ? execFileSync('cat', [seen]).toString() : ''),
    (found) => found === 'two\n',
  );
  t.equal(text, 'two\n', 'what changed meanwhile reaches it');
  t.equal((await node.pod('held'))?.status?.containerStatuses?.[0]?.restartCount, 0);
  await node.delete('held', 0);
  await node.gone('held');
  const isLeft = async () => Promise.resolve(existsSync(`${node.folder}/kubelet/pods/${uid}`));
  t.equal(await until(isLeft, (left) => !left), false);
});

t.test('a pod whose volume holds more than its limit is evicted', async (t) => {
  const pod = await node.until('overfull', (one) => one?.status?.phase === 'Failed');
  t.match(pod?.status, {
    reason: 'Evicted',
    message: 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ',
  });
  await node.delete('overfull');
  await node.gone('overfull');
});
