/** The toolkit's chapters on pods, ReplicaSets, deployments, volumes and namespaces. */
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { container, pod, server, service, sleeper, workload } from './objects.ts';

export async function walkToolkit(t: Test, lab: ClusterLab): Promise<void> {
  await t.test('pods: two containers, their logs, one that is killed', async (t) => {
    const db = container('db', 'echo waiting for connections; trap exit TERM; sleep 36000 & wait');
    const api = container('api', 'echo listening; trap exit TERM; sleep 36000 & wait');
    await lab.apply(pod('go-demo-2', { containers: [db, api] }));
    await lab.type('wait --for=condition=Ready pod/go-demo-2 --timeout=180s');
    const names = 'get pod go-demo-2 -o jsonpath={.spec.containers[*].name}';
    t.equal(await lab.type(names), 'db api');
    t.equal(await lab.type('logs go-demo-2 -c db'), 'waiting for connections');
    const logs = await lab.try('logs', 'go-demo-2');
    t.match(logs.stderr, 'Defaulted container "db" out of: db, api');
    await lab.try('exec', 'go-demo-2', '-c', 'db', '--', 'kill', '1');
    await lab.sees('get pod go-demo-2 --no-headers', /2\/2 +Running +1 /);
    await lab.type('delete pod go-demo-2 --timeout=60s');
  });

  await t.test('ReplicaSets: pods are left, and taken over again', async (t) => {
    const set = workload('ReplicaSet', 'api', {
      replicas: 2,
      template: { containers: [sleeper()] },
    });
    await lab.apply(set);
    const row = 'get rs api --no-headers';
    await lab.sees(row, /^api +2 +2 +2 /);
    const uids = 'get pods -l app=api -o jsonpath={.items[*].metadata.uid}';
    const before = await lab.type(uids);
    await lab.type('delete rs api --cascade=orphan');
    t.equal(await lab.type(uids), before, 'they outlive it');
    await lab.apply(set);
    await lab.sees(row, /^api +2 +2 +2 /);
    t.equal(await lab.type(uids), before, 'and are the new one’s');
    await lab.type('delete rs api --timeout=60s');
    await lab.sees('get pods -l app=api -o name', /^$/);
  });

  await t.test('deployments: a release that fails is undone', async (t) => {
    const template = { containers: [sleeper({ name: 'api' })] };
    await lab.apply(workload('Deployment', 'api', { replicas: 2, template }));
    await lab.type('rollout status deployment api --timeout=180s');
    await lab.kubectl('set', 'image', 'deployment/api', 'api=docker.io/library/absent:1');
    await lab.sees('get pods -l app=api --no-headers', /ErrImagePull|ImagePullBackOff/);
    t.match(await lab.type('get deployment api --no-headers'), / [2]\/2 /, 'the old ones serve');
    await lab.type('rollout undo deployment api');
    await lab.type('rollout status deployment api --timeout=180s');
    t.match(await lab.type('rollout history deployment api'), /^2 [^]*^3 /m);
    await lab.type('delete deployment api --timeout=60s');
  });

  await t.test('volumes: two containers of a pod share a folder', async (t) => {
    const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
    await lab.apply(
      pod('sharing', {
        containers: [
          container('writer', 'echo hello >/shared/file; sleep 36000', { volumeMounts }),
          sleeper({ volumeMounts }),
        ],
        volumes: [{ name: 'shared', emptyDir: {} }],
      }),
    );
    await lab.type('wait --for=condition=Ready pod/sharing --timeout=180s');
    t.equal(await lab.sees('exec sharing -c sleep -- cat /shared/file', /^hello$/), 'hello');
    await lab.type('delete pod sharing --timeout=60s');
  });

  await t.test('namespaces: one name twice, told apart by DNS', async (t) => {
    await lab.type('create namespace testing');
    await lab.apply(...apiIn('default'), ...apiIn('testing'));
    await lab.apply(pod('client', { containers: [sleeper()] }));
    for (const namespace of ['default', 'testing']) {
      await lab.type(`wait -n ${namespace} --for=condition=Ready pod/api --timeout=180s`);
    }
    await lab.type('wait --for=condition=Ready pod/client --timeout=180s');
    const asked = 'exec client -- nslookup api.testing.svc.cluster.local';
    const address = await lab.type('get service -n testing api -o jsonpath={.spec.clusterIP}');
    t.match(await lab.sees(asked, (seen) => seen.includes(address)), address);
    await lab.sees('exec client -- wget -qO- http://api.testing', /^api$/);
    await lab.type('delete namespace testing --timeout=120s');
    t.match((await lab.try('get', 'pods', '-n', 'testing')).stderr, 'No resources found');
    t.match(await lab.type('get pod api --no-headers'), /1\/1 +Running/, 'the other one stays');
    await lab.type('delete pod/api service/api pod/client --timeout=60s');
  });
}

function apiIn(namespace: string): object[] {
  const containers = [server({ name: 'api' })];
  return [
    pod('api', { containers }, { namespace, labels: { app: 'api' } }),
    { ...service('api'), metadata: { name: 'api', namespace } },
  ];
}
