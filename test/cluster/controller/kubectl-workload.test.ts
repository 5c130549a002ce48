import t from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { ControlledServer } from './controlled-server.ts';

const program = findPrograms().at(-1);
if (program === undefined) {
  t.plan(0, 'no kubectl on this machine');
  process.exit();
}

t.setTimeout(300_000);

const sets = `
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db }
spec:
  replicas: 2
  serviceName: db
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: a, image: "db:1" }] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { containers: [{ name: a, image: "agent:1" }] }
`;

t.test('kubectl makes jobs, by hand and on a schedule, and waits for them', async (t) => {
  await using server = await ControlledServer.start();
  const run = async (...args: string[]) => {
    const output = await server.kubectl(program, ...args);
    t.equal(output.code, 0, `${args.join(' ')}: ${output.stderr}`);
    return output.stdout;
  };
  server.ends = ({ metadata }) =>
    metadata.labels?.['job-name'] === 'bad' ? 'Failed' : 'Succeeded';
  await run('create', 'job', 'good', '--image=busybox', '--', 'true');
  await run('wait', '--for=condition=complete', 'job/good', '--timeout=120s');
  t.match(await run('get', 'job', 'good', '--no-headers'), /^good +Complete +1\/1 /);
  t.match(await run('get', 'pods', '-l', 'job-name=good', '--no-headers'), /^good-\w{5} /);
  const described = await run('describe', 'job', 'good');
  t.match(described, /SuccessfulCreate .*Created pod: good-\w{5}/);
  t.match(described, /Completed .*Job completed/);
  const path = server.manifest(
    'bad.yaml',
    `
apiVersion: batch/v1
kind: Job
metadata: { name: bad }
spec:
  backoffLimit: 0
  template: { spec: { restartPolicy: Never, containers: [{ name: a, image: busybox }] } }
`,
  );
  await run('apply', '-f', path);
  await run('wait', '--for=condition=failed', 'job/bad', '--timeout=120s');
  const why = await run('describe', 'job', 'bad');
  t.match(why, /BackoffLimitExceeded .*Job has reached the specified backoff limit/);
  await run('create', 'cronjob', 'beat', '--image=busybox', '--schedule=0 0 1 1 *', '--', 'true');
  await run('create', 'job', 'now', '--from=cronjob/beat');
  await run('wait', '--for=condition=complete', 'job/now', '--timeout=120s');
  await run('delete', 'cronjob', 'beat');
  const names = ['get', 'jobs', '-o', 'name'];
  const left = /^job.batch\/bad\njob.batch\/good\n$/;
  t.match(await server.until(program, left, names), left);
  t.same(server.errors, []);
});

t.test('kubectl rolls stateful and daemon sets out and back', async (t) => {
  await using server = await ControlledServer.start();
  const run = async (...args: string[]) => {
    const output = await server.kubectl(program, ...args);
    t.equal(output.code, 0, `${args.join(' ')}: ${output.stderr}`);
    return output.stdout;
  };
  const wait = (name: string) => run('rollout', 'status', name, '--timeout=120s');
  await run('apply', '-f', server.manifest('sets.yaml', sets));
  await wait('statefulset/db');
  await wait('daemonset/agent');
  t.equal(await run('get', 'pods', '-l', 'app=db', '-o', 'name'), 'pod/db-0\npod/db-1\n');
  t.match(await run('get', 'pvc', '-o', 'name'), /^\S+\/data-db-0\n\S+\/data-db-1\n$/);
  t.match(await run('get', 'sts', 'db', '--no-headers'), /^db +2\/2 /);
  t.match(await run('get', 'ds', 'agent', '--no-headers'), /^agent +1 +1 +1 +1 +1 /);
  for (const [set, app] of [
    ['statefulset/db', 'db'],
    ['daemonset/agent', 'agent'],
  ] as const) {
    await run('set', 'image', set, `a=${app}:2`);
    await wait(set);
    const images = ['get', 'pods', '-l', `app=${app}`, '-o', 'jsonpath={..image}'];
    t.match(await run(...images), new RegExp(`^(${app}:2 ?)+$`));
    t.match(await run('rollout', 'history', set), /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/);
    await run('rollout', 'undo', set);
    await wait(set);
    t.match(await run(...images), new RegExp(`^(${app}:1 ?)+$`));
    await run('rollout', 'restart', set);
    await wait(set);
  }
  const described = await run('describe', 'statefulset', 'db');
  t.match(described, /SuccessfulCreate .*create Pod db-0 in StatefulSet db successful/);
  t.match(described, /create Claim data-db-0 Pod db-0 in StatefulSet db success/);
  t.match(await run('describe', 'ds', 'agent'), /SuccessfulCreate .*Created pod: agent-\w{5}/);
  // Where a pod's successor has its name at once, kubectl may wait for the end of both.
  const uid = ['get', 'pod', 'db-0', '-o', 'jsonpath={.metadata.uid}'];
  const next = new RegExp(`^(?!${await run(...uid)})\\S+$`);
  await run('delete', 'pod', 'db-0', '--wait=false');
  t.match(await server.until(program, next, uid), next);
  await wait('statefulset/db');
  await run('scale', 'statefulset/db', '--replicas=1');
  const one = ['get', 'pods', '-l', 'app=db', '-o', 'name'];
  t.match(await server.until(program, /^pod\/db-0\n$/, one), /^pod\/db-0\n$/);
  t.same(server.errors, []);
});
