import t from 'tap';
import { ScratchServer } from './scratch-server.ts';
import { until } from '../../until.ts';

t.setTimeout(600_000);

const folder = '/api/v1/namespaces/default';
const merge = { 'Content-Type': 'application/merge-patch+json' };

interface Podlike {
  readonly requests?: object;
  readonly limits?: object;
}

function pod(name: string, resources: Podlike = {}, spec: object = {}): object {
  const containers = [{ name: 'a', image: 'x', resources }];
  return { metadata: { name }, spec: { containers, ...spec } };
}

async function usedOf(server: ScratchServer, name: string): Promise<Record<string, string>> {
  const { body } = await server.request(`GET ${folder}/resourcequotas/${name}`);
  return (body['status'] as { used?: Record<string, string> }).used ?? {};
}

t.test('of many creates at once a quota lets in as many as it says', async (t) => {
  await using server = await ScratchServer.start();
  const hard = { pods: '10', 'requests.cpu': '1', 'count/configmaps': '3' };
  await server.request(`POST ${folder}/resourcequotas`, {
    metadata: { name: 'q' },
    spec: { hard },
  });
  const used = await until(
    () => usedOf(server, 'q'),
    (seen) => seen['pods'] === '0',
  );
  t.same(used, { pods: '0', 'requests.cpu': '0', 'count/configmaps': '0' });
  const tries = Array.from({ length: 40 }, (_, index) =>
    server.request(`POST ${folder}/pods`, pod(`p${index}`, { requests: { cpu: '100m' } })),
  );
  const answers = await Promise.all(tries);
  t.equal(answers.filter(({ status }) => status === 201).length, 10);
  const refused = answers.filter(({ status }) => status === 403);
  t.equal(refused.length, 30);
  t.match(refused[0]?.body, {
    reason: 'Forbidden',
    message: 'exceeded quota: q, requested: pods=1,requests.cpu=100m, used: pods=10,requests.cpu=1',
  });
  t.match(await usedOf(server, 'q'), { pods: '10', 'requests.cpu': '1' });

  const [lucky] = answers.filter(({ status }) => status === 201);
  const { name } = (lucky?.body['metadata'] ?? {}) as { name?: string };
  const path = `${folder}/pods/${name}`;
  await server.request(`PATCH ${path}/status`, { status: { phase: 'Succeeded' } }, merge);
  const freed = await until(
    () => usedOf(server, 'q'),
    (seen) => seen['pods'] === '9',
  );
  t.match(freed, { pods: '9', 'requests.cpu': '900m' }, 'what has ended counts no more');
  const small = pod('again', { requests: { cpu: '50m' } });
  t.equal((await server.request(`POST ${folder}/pods?dryRun=All`, small)).status, 201);
  t.equal((await server.request(`POST ${folder}/pods`, small)).status, 201);
  t.match(await usedOf(server, 'q'), { pods: '10', 'requests.cpu': '950m' });
  const maps = Array.from({ length: 6 }, (_, index) =>
    server.request(`POST ${folder}/configmaps`, { metadata: { name: `m${index}` } }),
  );
  const made = (await Promise.all(maps)).filter(({ status }) => status === 201);
  t.equal(made.length, 3);
  const silent = await server.request(`POST ${folder}/pods`, pod('silent'));
  t.match(silent.body, {
    message: 'pods "silent" is forbidden: failed quota: q: must specify requests.cpu for: a',
  });
});

t.test('changes are held against quotas, and creates that fail cost nothing', async (t) => {
  await using server = await ScratchServer.start();
  const hard = { 'services.nodeports': '1', 'requests.storage': '10Gi' };
  await server.request(`POST ${folder}/resourcequotas`, {
    metadata: { name: 'q' },
    spec: { hard },
  });
  const ports = [{ port: 80 }];
  const service = { metadata: { name: 's' }, spec: { type: 'NodePort', ports } };
  t.equal((await server.request(`POST ${folder}/services`, service)).status, 201);
  t.equal((await server.request(`POST ${folder}/services`, service)).status, 403);
  const two = [
    { name: 'a', port: 80 },
    { name: 'b', port: 81 },
  ];
  const more = await server.request(`PATCH ${folder}/services/s`, { spec: { ports: two } }, merge);
  t.match(more.body, {
    message:
      'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=1, used: ' +
      'services.nodeports=1, limited: services.nodeports=1',
  });
  const inside = { spec: { type: 'ClusterIP' } };
  t.equal((await server.request(`PATCH ${folder}/services/s`, inside, merge)).status, 200);
  t.same(
    await until(
      () => usedOf(server, 'q'),
      (seen) => seen['services.nodeports'] === '0',
    ),
    { 'services.nodeports': '0', 'requests.storage': '0' },
  );
});

t.test('a limit range fills what is left out, and bounds the rest', async (t) => {
  await using server = await ScratchServer.start();
  const limit = {
    type: 'Container',
    default: { memory: '50Mi', cpu: '0.2' },
    defaultRequest: { memory: '30Mi', cpu: '0.05' },
    max: { memory: '80Mi', cpu: '0.5' },
    min: { memory: '10Mi', cpu: '0.01' },
    maxLimitRequestRatio: { cpu: '4' },
  };
  await server.request(`POST ${folder}/limitranges`, {
    metadata: { name: 'l' },
    spec: { limits: [limit, { type: 'Pod', max: { memory: '100Mi' } }] },
  });
  const { body } = await server.request(`POST ${folder}/pods`, pod('p'));
  t.match(body, {
    metadata: {
      annotations: {
        'kubernetes.io/limit-ranger':
          'LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for ' +
          'container a',
      },
    },
    spec: {
      containers: [
        {
          resources: {
            limits: { cpu: '200m', memory: '50Mi' },
            requests: { cpu: '50m', memory: '30Mi' },
          },
        },
      ],
    },
    status: { qosClass: 'Burstable' },
  });
  const refused = async (resources: Podlike) =>
    (await server.request(`POST ${folder}/pods`, pod('q', resources))).body['message'];
  t.equal(
    await refused({ requests: { memory: '5Mi' }, limits: { memory: '90Mi' } }),
    'pods "q" is forbidden: [minimum memory usage per Container is 10Mi, but request is 5Mi, ' +
      'maximum memory usage per Container is 80Mi, but limit is 90Mi]',
  );
  t.equal(
    await refused({ requests: { cpu: '50m' }, limits: { cpu: '0.5' } }),
    'pods "q" is forbidden: cpu max limit to request ratio per Container is 4, but provided ' +
      'ratio is 10.000000',
  );
  const containers = ['a', 'b', 'c'].map((name) => ({ name, image: 'x' }));
  const many = await server.request(`POST ${folder}/pods`, pod('many', {}, { containers }));
  t.equal(
    many.body['message'],
    'pods "many" is forbidden: maximum memory usage per Pod is 100Mi, but limit is 150Mi',
  );
  await server.request(`POST ${folder}/limitranges`, {
    metadata: { name: 'claims' },
    spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }] },
  });
  const claim = {
    metadata: { name: 'c' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
  };
  t.match((await server.request(`POST ${folder}/persistentvolumeclaims`, claim)).body, {
    message:
      'persistentvolumeclaims "c" is forbidden: maximum storage usage per PersistentVolumeClaim ' +
      'is 1Gi, but request is 2Gi',
  });
});

t.test('a pod has a service account, its token and its pull secrets', async (t) => {
  await using server = await ScratchServer.start();
  await server.request('POST /api/v1/namespaces', { metadata: { name: 'blue' } });
  const blue = '/api/v1/namespaces/blue';
  t.equal((await server.request(`GET ${blue}/serviceaccounts/default`)).status, 200);
  const { body } = await server.request(`POST ${blue}/pods`, pod('p'));
  const spec = body['spec'] as { volumes: { name: string }[] };
  const name = spec.volumes[0]?.name ?? '';
  t.match(name, /^kube-api-access-[a-z0-9]{5}$/);
  const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
  t.match(spec, {
    serviceAccountName: 'default',
    containers: [{ volumeMounts: [{ name, readOnly: true, mountPath }] }],
    volumes: [
      {
        projected: {
          defaultMode: 420,
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt' } },
            { downwardAPI: { items: [{ path: 'namespace' }] } },
          ],
        },
      },
    ],
  });
  const none = { serviceAccountName: 'none' };
  t.match((await server.request(`POST ${blue}/pods`, pod('q', {}, none))).body, {
    code: 403,
    message:
      'pods "q" is forbidden: error looking up service account blue/none: serviceaccount "none" ' +
      'not found',
  });
  await server.request(`POST ${blue}/serviceaccounts`, {
    metadata: { name: 'plain' },
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: 'registry' }],
  });
  const plain = pod('r', {}, { serviceAccountName: 'plain' });
  const made = (await server.request(`POST ${blue}/pods`, plain)).body['spec'] as object;
  t.match(made, { imagePullSecrets: [{ name: 'registry' }] });
  t.notOk('volumes' in made);
  const own = pod('s', {}, { serviceAccountName: 'plain', automountServiceAccountToken: true });
  t.match((await server.request(`POST ${blue}/pods`, own)).body, {
    spec: { volumes: [{ projected: {} }] },
  });
  const lost = await server.request('POST /api/v1/namespaces/none/pods', pod('p'));
  t.match(lost.body, { message: 'namespaces "none" not found' });
});

t.test('priorities, storage classes and runtime classes are filled in', async (t) => {
  await using server = await ScratchServer.start();
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
  await server.request(`POST ${classes}`, { metadata: { name: 'high' }, value: 1000 });
  const high = { priorityClassName: 'high' };
  const made = await server.request(`POST ${folder}/pods`, pod('p', {}, high));
  t.match(made.body, { spec: { priority: 1000, preemptionPolicy: 'PreemptLowerPriority' } });
  t.match((await server.request(`POST ${folder}/pods`, pod('q', {}, { priority: 5 }))).body, {
    message:
      'pods "q" is forbidden: the integer value of priority (5) must not be provided in pod spec',
  });
  const always = { metadata: { name: 'usual' }, value: 7, globalDefault: true };
  await server.request(`POST ${classes}`, always);
  const usual = await server.request(`POST ${folder}/pods`, pod('q'));
  t.match(usual.body, { spec: { priority: 7, priorityClassName: 'usual' } });

  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  await server.request('POST /apis/storage.k8s.io/v1/storageclasses', {
    metadata: { name: 'fast', annotations },
    provisioner: 'example.com/fast',
  });
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const claims = `${folder}/persistentvolumeclaims`;
  const claim = await server.request(`POST ${claims}`, { metadata: { name: 'c' }, spec });
  t.match(claim.body, { spec: { storageClassName: 'fast' } });
  const bare = { ...spec, storageClassName: '' };
  const empty = await server.request(`POST ${claims}`, { metadata: { name: 'd' }, spec: bare });
  t.match(empty.body, { spec: { storageClassName: '' } });

  const runtime = { runtimeClassName: 'vm' };
  t.match((await server.request(`POST ${folder}/pods`, pod('v', {}, runtime))).body, {
    message: 'pods "v" is forbidden: pod rejected: RuntimeClass "vm" not found',
  });
  await server.request('POST /apis/node.k8s.io/v1/runtimeclasses', {
    metadata: { name: 'vm' },
    handler: 'vm',
    overhead: { podFixed: { memory: '64Mi' } },
    scheduling: { nodeSelector: { vm: 'yes' } },
  });
  t.match((await server.request(`POST ${folder}/pods`, pod('v', {}, runtime))).body, {
    spec: { overhead: { memory: '64Mi' }, nodeSelector: { vm: 'yes' } },
  });
});
