import { basename } from 'node:path';
import t from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { ScratchServer } from './scratch-server.ts';

t.setTimeout(600_000);

const pods = '/api/v1/namespaces/default/pods';
const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
const merge = { 'Content-Type': 'application/merge-patch+json' };
const strategic = { 'Content-Type': 'application/strategic-merge-patch+json' };
const [kubectl] = findPrograms();

function pod(name: string, spec: object = {}): object {
  return {
    metadata: { name, labels: { app: 'web' } },
    spec: { containers: [{ name: 'a', image: 'x' }], ...spec },
  };
}

function binding(name: string, node: string, metadata: object = {}): object {
  const target = { apiVersion: 'v1', kind: 'Node', name: node };
  return { apiVersion: 'v1', kind: 'Binding', metadata: { name, ...metadata }, target };
}

t.test('a binding gives a pod its node, once', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${pods}`, pod('web'));
  const annotations = { 'example.com/why': 'free' };
  const dry = await server.request(`POST ${pods}/web/binding?dryRun=All`, binding('web', 'n1'));
  t.equal(dry.status, 201);
  const done = await server.request(
    `POST ${pods}/web/binding`,
    binding('web', 'n1', { annotations }),
  );
  t.match(done, { status: 201, body: { kind: 'Status', status: 'Success' } });
  t.match((await server.request(`GET ${pods}/web`)).body, {
    metadata: { annotations },
    spec: { nodeName: 'n1' },
    status: { conditions: [{ type: 'PodScheduled', status: 'True' }] },
  });
  const again = await server.request(`POST ${pods}/web/binding`, binding('web', 'n2'));
  t.match(again.body, {
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node ' +
      '"n1"',
  });
  const bindings = '/api/v1/namespaces/default/bindings';
  await server.request(`POST ${pods}`, pod('old'));
  t.equal((await server.request(`POST ${bindings}`, binding('old', 'n3'))).status, 201);
  t.match((await server.request(`GET ${pods}/old`)).body, { spec: { nodeName: 'n3' } });
  await server.request(`POST ${pods}`, pod('gated', { schedulingGates: [{ name: 'x.io/wait' }] }));
  const gated = await server.request(`POST ${pods}/gated/binding`, binding('gated', 'n1'));
  t.match(gated.body['message'], 'pod gated has non-empty .spec.schedulingGates');
  const wrong = binding('gated', 'n1', { uid: 'other' });
  t.match((await server.request(`POST ${pods}/gated/binding`, wrong)).status, 409);
  const nowhere = { ...binding('gated', ''), target: { kind: 'Rack', name: '' } };
  t.match((await server.request(`POST ${pods}/gated/binding`, nowhere)).body, {
    code: 422,
    message:
      'Binding "gated" is invalid: [target.kind: Unsupported value: "Rack": supported values: ' +
      '"<empty>", "Node", target.name: Required value]',
  });
  t.equal((await server.request(`POST ${pods}/none/binding`, binding('none', 'n1'))).status, 404);
});

t.test('of many binders one wins', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${pods}`, pod('web'));
  const tries = Array.from({ length: 8 }, (_, index) =>
    server.request(`POST ${pods}/web/binding`, binding('web', `n${index}`)),
  );
  const codes = (await Promise.all(tries)).map(({ status }) => status);
  t.same(
    codes.toSorted((a, b) => a - b),
    [201, 409, 409, 409, 409, 409, 409, 409],
  );
});

async function runningPods(server: ScratchServer, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await server.request(`POST ${pods}`, pod(name, { nodeName: 'n1' }));
    const conditions = [{ type: 'Ready', status: 'True' }];
    const status = { phase: 'Running', conditions };
    await server.request(`PATCH ${pods}/${name}/status`, { status }, merge);
  }
}

t.test('an eviction is charged to the budget, and refused with its cause', async (t) => {
  await using server = await ScratchServer.start();
  await runningPods(server, ['p', 'q', 'r']);
  const selector = { matchLabels: { app: 'web' } };
  await server.request(`POST ${budgets}`, {
    metadata: { name: 'guard' },
    spec: { minAvailable: 2, selector },
  });
  const evict = (name: string, deleteOptions: object = {}) =>
    server.request(`POST ${pods}/${name}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name },
      deleteOptions,
    });
  const early = await evict('p');
  t.equal(early.headers.get('retry-after'), '10');
  t.match(early.body, {
    code: 429,
    reason: 'TooManyRequests',
    details: {
      causes: [
        {
          reason: 'DisruptionBudget',
          message: 'The disruption budget guard is still being processed by the server.',
        },
      ],
    },
  });
  const counted = {
    observedGeneration: 1,
    disruptionsAllowed: 1,
    desiredHealthy: 2,
    currentHealthy: 3,
    expectedPods: 3,
  };
  await server.request(`PATCH ${budgets}/guard/status`, { status: counted }, merge);
  t.equal((await evict('p', { dryRun: ['All'] })).status, 201);
  t.match((await server.request(`GET ${budgets}/guard`)).body, { status: counted });
  const wrong = await evict('p', { preconditions: { uid: 'other' }, dryRun: ['All'] });
  t.equal(wrong.status, 409);

  const all = await Promise.all([evict('p'), evict('q')]);
  t.same(
    all.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, 429],
  );
  const refused = all.find(({ status }) => status === 429);
  t.match(refused?.body, {
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: {
      causes: [
        {
          reason: 'DisruptionBudget',
          message: 'The disruption budget guard needs 2 healthy pods and has 3 currently',
        },
      ],
    },
  });
  const { body } = await server.request(`GET ${budgets}/guard`);
  t.match(body, {
    status: {
      disruptionsAllowed: 0,
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' }],
    },
  });
  await server.request(`POST ${budgets}`, { metadata: { name: 'two' }, spec: { selector } });
  t.match((await evict('r')).body, {
    code: 500,
    message:
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not ' +
      'support.',
  });
  await server.request(`PATCH ${pods}/r/status`, { status: { phase: 'Succeeded' } }, merge);
  t.equal((await evict('r')).status, 201, 'no budget counts on what has ended');
});

t.test('debug containers are added, and stay as they are', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${pods}`, pod('web'));
  const path = `${pods}/web/ephemeralcontainers`;
  const add = (entry: object) =>
    server.request(`PATCH ${path}`, { spec: { ephemeralContainers: [entry] } }, strategic);
  const entry = { name: 'debug', image: 'busybox', targetContainerName: 'a' };
  t.match((await add(entry)).body, { spec: { ephemeralContainers: [entry] } });
  t.match((await add({ name: 'debug', image: 'other' })).body, {
    code: 422,
    message: 'existing ephemeral containers "debug" may not be changed',
  });
  t.match((await add({ name: 'a', image: 'x' })).body, { message: 'Duplicate value: "a"' });
  t.match((await add({ name: 'b', image: 'x', targetContainerName: 'z' })).body, {
    message: 'spec.ephemeralContainers[1].targetContainerName: Not found: "z"',
  });
  t.match((await add({ name: 'b', image: 'x', ports: [{ containerPort: 1 }] })).body, {
    message: 'cannot be set for an Ephemeral Container',
  });
  const gone = await server.request(`PATCH ${path}`, { spec: { ephemeralContainers: [] } }, merge);
  t.match(gone.body, { message: 'may not be removed' });
  t.match((await server.request(`GET ${path}`)).body, { kind: 'Pod', metadata: { name: 'web' } });
  const whole = await server.request(
    `PATCH ${pods}/web`,
    { spec: { ephemeralContainers: [] } },
    merge,
  );
  t.match(whole.body, { message: 'pod updates may not change fields other than' });
});

t.test('a resize changes processors and memory alone', async (t) => {
  await using server = await ScratchServer.start();
  const resources = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2' } };
  const containers = [{ name: 'a', image: 'x', resources }];
  await server.request(`POST ${pods}`, pod('web', { containers, nodeName: 'n1' }));
  const resize = (entry: object) =>
    server.request(
      `PATCH ${pods}/web/resize`,
      { spec: { containers: [{ name: 'a', ...entry }] } },
      strategic,
    );
  const done = await resize({ image: 'other', resources: { requests: { cpu: '1500m' } } });
  t.match(done.body, {
    metadata: { generation: 2 },
    spec: { containers: [{ image: 'x', resources: { requests: { cpu: '1500m' } } }] },
  });
  t.match((await resize({ resources: { requests: { 'ephemeral-storage': '1Gi' } } })).body, {
    code: 422,
    message: 'spec: Forbidden: only cpu and memory resources are mutable',
  });
  const limits = { cpu: '1500m', memory: '1Gi' };
  t.match((await resize({ resources: { limits } })).body, {
    message: 'Pod QOS Class may not change as a result of resizing',
  });
});

t.test('a namespace goes when its last finalizer does', async (t) => {
  await using server = await ScratchServer.start();
  const path = '/api/v1/namespaces/blue';
  await server.request('POST /api/v1/namespaces', { metadata: { name: 'blue' } });
  t.match((await server.request(`DELETE ${path}`)).body, { status: { phase: 'Terminating' } });
  await server.request(`PATCH ${path}`, { metadata: { labels: { a: 'b' } } }, merge);
  t.equal((await server.request(`GET ${path}`)).status, 200, 'a label is no end');
  const { body } = await server.request(`GET ${path}`);
  const done = await server.request(`PUT ${path}/finalize`, { ...body, spec: {} });
  t.equal(done.status, 200);
  t.equal((await server.request(`GET ${path}`)).status, 404);
  t.equal((await server.request(`GET ${path}/finalize`)).status, 405);
});

t.test('what runs in the same process binds and evicts, too', async (t) => {
  await using server = await ScratchServer.start();
  const { resources } = await import('../../../src/api/client/resources.ts');
  await server.request(`POST ${pods}`, pod('web'));
  const client = server.client('scheduler');
  const name = { namespace: 'default', name: 'web' };
  await client.post(
    resources.pods,
    { ...name, subresource: 'binding' },
    { target: { kind: 'Node', name: 'n1' } },
  );
  t.equal((await client.get(resources.pods, name)).spec?.nodeName, 'n1');
  await client.post(resources.pods, { ...name, subresource: 'eviction' }, {});
  t.ok((await client.get(resources.pods, name)).metadata.deletionTimestamp);
});

t.test('kubectl sees components, drains and debugs', async (t) => {
  if (kubectl === undefined) {
    t.pass('no kubectl on this machine');
    return;
  }
  await using server = await ScratchServer.start();
  const run = (...args: string[]) => server.kubectl(kubectl, ...args);
  const components = await run('get', 'componentstatuses');
  t.match(components.stdout, /^NAME +STATUS +MESSAGE +ERROR\netcd-0 +Healthy +ok/);
  t.match(components.stderr, 'v1 ComponentStatus is deprecated in v1.19+');
  t.match((await run('get', 'cs', 'nothing')).stderr, 'componentstatuses "nothing" not found');

  await server.request('POST /api/v1/nodes', { metadata: { name: 'n1' } });
  await server.request(`POST ${pods}`, pod('web', { nodeName: 'n1' }));
  const status = { phase: 'Running' };
  await server.request(`PATCH ${pods}/web/status`, { status }, merge);
  const debug = await run('debug', 'web', '--image=busybox', '-c', 'look', '--', 'ls');
  t.equal(debug.code, 0, debug.stderr);
  const query = 'jsonpath={.spec.ephemeralContainers[*].name}';
  t.equal((await run('get', 'pod', 'web', '-o', query)).stdout, 'look');

  const drained = await run('drain', 'n1', '--force', '--grace-period=0', '--timeout=60s');
  t.match(drained.stdout, /node\/n1 cordoned\nevicting pod default\/web\npod\/web evicted\n/);
  t.match((await run('get', 'node', 'n1')).stdout, 'SchedulingDisabled', basename(kubectl));
});
