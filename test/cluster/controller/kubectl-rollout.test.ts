import t from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { ControlledServer } from './controlled-server.ts';

const program = findPrograms().at(-1);
if (program === undefined) {
  t.plan(0, 'no kubectl on this machine');
  process.exit();
}

t.setTimeout(300_000);

t.test('kubectl rolls a deployment out, back, pauses, resumes and restarts it', async (t) => {
  await using server = await ControlledServer.start();
  const run = async (...args: string[]) => {
    const output = await server.kubectl(program, ...args);
    t.equal(output.code, 0, `${args.join(' ')}: ${output.stderr}`);
    return output.stdout;
  };
  const status = () => run('rollout', 'status', 'deployment/web', '--timeout=120s');
  await run('create', 'deployment', 'web', '--image=nginx:1', '--replicas=3');
  t.match(await status(), /deployment "web" successfully rolled out\n$/);
  t.match(await run('get', 'deployment', 'web'), /web +3\/3 +3 +3 /);
  await run('scale', 'deployment/web', '--replicas=5');
  await run('wait', '--for=jsonpath={.status.availableReplicas}=5', 'deploy/web', '--timeout=120s');
  await run('set', 'image', 'deployment/web', 'nginx=nginx:2');
  await run('annotate', 'deployment/web', 'kubernetes.io/change-cause=second');
  t.match(await status(), /successfully rolled out/);
  const history = await run('rollout', 'history', 'deployment/web');
  t.match(history, /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +second\n/);
  t.match(await run('rollout', 'history', 'deployment/web', '--revision=1'), /Image:\s+nginx:1/);
  t.match(await run('rollout', 'undo', 'deployment/web'), /deployment.apps\/web rolled back/);
  t.match(await status(), /successfully rolled out/);
  const image = ['get', 'deploy', 'web', '-o', 'jsonpath={..image}'] as const;
  t.equal(await run(...image), 'nginx:1');
  t.match(await run('rollout', 'history', 'deployment/web'), /\n2 +second\n3 +/);
  await run('rollout', 'pause', 'deployment/web');
  await run('set', 'image', 'deployment/web', 'nginx=nginx:3');
  const paused = ['get', 'deploy', 'web', '-o', 'jsonpath={.status.conditions[*].reason}'];
  t.match(await server.until(program, /DeploymentPaused/, paused), /DeploymentPaused/);
  t.equal(await run('get', 'rs', '-o', 'jsonpath={..image}'), 'nginx:1 nginx:2');
  await run('rollout', 'resume', 'deployment/web');
  t.match(await status(), /successfully rolled out/);
  await run('rollout', 'restart', 'deployment/web');
  t.match(await status(), /successfully rolled out/);
  t.match(await run('get', 'pods', '-o', 'jsonpath={..image}'), /^(nginx:3 ){4}nginx:3$/);
  const described = await run('describe', 'deployment', 'web');
  t.match(described, /Available +True +MinimumReplicasAvailable/);
  t.match(described, /Progressing +True +NewReplicaSetAvailable/);
  t.match(
    described,
    /Normal +ScalingReplicaSet .*Scaled up replica set web-[a-z0-9]+ from 0 to 3\n/,
  );
  t.match(described, /Scaled up replica set web-[a-z0-9]+ from 3 to 5\n/);
  t.same(server.errors, []);
});

t.test('a replication controller keeps its pods, adopts orphans and lets others go', async (t) => {
  await using server = await ControlledServer.start();
  const run = async (...args: string[]) => {
    const output = await server.kubectl(program, ...args);
    t.equal(output.code, 0, `${args.join(' ')}: ${output.stderr}`);
    return output.stdout;
  };
  await run('run', 'orphan', '--image=nginx:1', '--labels=app=old');
  const path = server.manifest(
    'rc.yaml',
    `
apiVersion: v1
kind: ReplicationController
metadata: { name: old }
spec:
  replicas: 3
  selector: { app: old }
  template:
    metadata: { labels: { app: old } }
    spec: { containers: [{ name: a, image: "nginx:1" }] }
`,
  );
  await run('create', '-f', path);
  const ready = ['wait', '--for=jsonpath={.status.readyReplicas}=3', 'rc/old', '--timeout=120s'];
  await run(...ready);
  t.match(
    await run('get', 'pods', '-l', 'app=old', '-o', 'name'),
    /^pod\/old-.*\npod\/old-.*\npod\/orphan\n$/,
  );
  await run('label', 'pod', 'orphan', 'app=new', '--overwrite');
  const owner = ['get', 'pod', 'orphan', '-o', 'jsonpath={.metadata.ownerReferences}'];
  t.equal(await server.until(program, /^$/, owner), '');
  const names = ['get', 'pods', '-l', 'app=old', '-o', 'jsonpath={.items[*].metadata.name}'];
  t.match(await server.until(program, /^(old-\w+ ?){3}$/, names), /^(old-\w+ ?){3}$/);
  t.match(await run('describe', 'rc', 'old'), /Normal +SuccessfulCreate .*Created pod: old-/);
  t.same(server.errors, []);
});
