/** A node is cut off, and comes back. */
import type { Test } from 'tap';
import type { ClusterLab } from './cluster-lab.ts';
import { server, service, workload } from './objects.ts';

/** Shortened: the minutes that a pod tolerates a lost node are seconds here. */
const brief = ['not-ready', 'unreachable'].map((name) => ({
  key: `node.kubernetes.io/${name}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 2,
}));
const template = {
  tolerations: brief,
  containers: [server({ readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 1 } })],
};
const headless = 'db.default.svc.cluster.local';

export async function walkPartition(t: Test, lab: ClusterLab): Promise<void> {
  await t.test(
    'S12.6 a node that is cut off: NotReady in 40 s, pods replaced, no doubles',
    async (t) => {
      await lab.apply(
        workload('Deployment', 'spread', { replicas: 3, template }),
        workload('StatefulSet', 'db', {
          replicas: 3,
          serviceName: 'db',
          podManagementPolicy: 'Parallel',
          template,
        }),
        service('spread'),
        service('db', { clusterIP: 'None' }),
      );
      await lab.type('rollout status deployment spread --timeout=180s');
      await lab.type('rollout status statefulset db --timeout=180s');
      const cut = await cutOff(t, lab);
      await replaced(t, lab, cut);
      await servedOnBothSides(t, lab, cut);
      await comesBack(t, lab, cut);
      await lab.type('delete deployment/spread statefulset/db service/spread service/db');
    },
  );
}

interface Member {
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly address: string;
}

interface Cut {
  readonly victim: string;
  readonly others: readonly string[];
  /** The Service's address. */
  readonly address: string;
  /** On the node that is cut off. */
  readonly spread: Member;
  readonly member: Member;
}

async function podsOf(lab: ClusterLab, app: string): Promise<readonly Member[]> {
  const path = '{.metadata.name} {.metadata.uid} {.spec.nodeName} {.status.podIP}';
  const words = `jsonpath={range .items[*]}${path}{"\\n"}{end}`;
  const text = await lab.kubectl('get', 'pods', '-l', `app=${app}`, '-o', words);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', uid = '', node = '', address = ''] = line.split(' ');
      return { name, uid, node, address };
    });
}

/** Not the coordinator's node: that would cut off all others. */
async function cutOff(t: Test, lab: ClusterLab): Promise<Cut> {
  const [spreads, members] = [await podsOf(lab, 'spread'), await podsOf(lab, 'db')];
  const member = members.find(
    ({ node }) => node !== 'host01' && spreads.some((one) => one.node === node),
  );
  const spread = spreads.find(({ node }) => node === member?.node);
  if (member === undefined || spread === undefined) throw new Error('all pods are on host01');
  const address = await lab.type('get service spread -o jsonpath={.spec.clusterIP}');
  const victim = member.node;
  const others = ['host01', 'host02', 'host03'].filter((node) => node !== victim);
  const begin = performance.now();
  await lab.partition(victim);
  await lab.sees(`get node ${victim} --no-headers`, / NotReady /);
  const seconds = (performance.now() - begin) / 1000;
  t.ok(seconds > 15, `NotReady after ${seconds.toFixed(0)} s, not at the first missed renewal`);
  return { victim, others, address, spread, member };
}

/** A pod with a name of its own must not run twice, and nobody knows of the one that is cut off. */
async function replaced(t: Test, lab: ClusterLab, { victim, spread, member }: Cut): Promise<void> {
  await lab.sees('get pods -l app=spread --no-headers -o wide', (seen) => {
    const rows = seen.split('\n').filter((row) => / 1\/1 +Running /.test(row));
    return rows.filter((row) => !row.includes(victim)).length === 3;
  });
  await lab.sees(`get pod ${member.name} --no-headers`, / Terminating /);
  const uid = `get pod ${member.name} -o jsonpath={.metadata.uid}`;
  t.equal(await lab.type(uid), member.uid, `${member.name} waits for its node`);
  const runs = await containersOn(lab, victim);
  t.match(runs, spread.uid, 'what was cut off runs on, unseen');
  t.match(runs, member.uid);
}

function containersOn(lab: ClusterLab, node: string): Promise<string> {
  return lab.see(node, `keelson ps --format '{{.Names}}'`);
}

function ask(name: string, options = ''): string {
  return `dig +short ${options} @10.96.0.10 ${name}`;
}

async function servedOnBothSides(t: Test, lab: ClusterLab, cut: Cut): Promise<void> {
  const { victim, others, address, spread, member } = cut;
  for (const node of others) {
    await lab.until(
      `names of the rest on ${node}`,
      () => lab.see(node, ask(headless)),
      (seen) => seen.split('\n').length === 2 && !seen.includes(member.address),
    );
    const script = `for i in $(seq 20); do curl -fsS --max-time 20 http://${address}/; done`;
    const answers = new Set((await lab.see(node, script)).split('\n'));
    t.notOk(answers.has(spread.name), `the Service on ${node} does without the lost endpoint`);
  }
  const offline = '+time=30 +tries=1';
  const asked = await lab.see(victim, ask('spread.default.svc.cluster.local', offline));
  t.equal(asked, address, 'who is cut off knows the names that there were');
  // Whoever answers is killed, and begins anew without the coordinator.
  t.equal((await lab.kill(victim, 'network')).code, 0);
  const anew = await lab.until(
    'names on the lost node',
    () => lab.see(victim, ask('spread.default.svc.cluster.local', offline)),
    (seen) => seen === address,
  );
  t.equal(anew, address, 'also after a kill');
  const own = `${member.name}.${headless}`;
  t.equal(await lab.see(victim, ask(own, offline)), member.address);
  const fetch = `curl -fsS --max-time 2 http://${address}/`;
  const answer = async (): Promise<string> => (await lab.on(victim, fetch)).stdout.trim();
  const seen = await lab.until('the Service on the lost node', answer, /^spread-/);
  t.equal(seen, spread.name, 'and reaches the endpoint of its own');
}

async function comesBack(t: Test, lab: ClusterLab, cut: Cut): Promise<void> {
  const { victim, address, spread, member } = cut;
  const begin = performance.now();
  await lab.heal(victim);
  await lab.sees(`get node ${victim} --no-headers`, / Ready /);
  await lab.until(
    'the stale pods are ended',
    () => containersOn(lab, victim),
    (seen) => !seen.includes(spread.uid) && !seen.includes(member.uid),
  );
  await lab.sees('get pods -l app=spread --no-headers', (seen) => {
    const rows = seen.split('\n').filter((row) => row !== '');
    return rows.length === 3 && rows.every((row) => / 1\/1 +Running /.test(row));
  });
  await lab.type('rollout status statefulset db --timeout=180s');
  const members = await podsOf(lab, 'db');
  t.equal(members.length, 3);
  t.notOk(
    members.some(({ uid }) => uid === member.uid),
    `another ${member.name} is in its place`,
  );
  const runs = await Promise.all([victim, ...cut.others].map((node) => containersOn(lab, node)));
  const names = runs.join('\n').split('\n');
  for (const { name } of members) {
    t.equal(names.filter((one) => one.includes(`_${name}_`)).length, 1, `${name} runs once`);
  }
  const current = await podsOf(lab, 'spread');
  await lab.until(
    'the Service on the node that is back',
    () => lab.see(victim, `for i in 1 2 3 4 5; do curl -fsS --max-time 5 http://${address}/; done`),
    (seen) => seen.split('\n').every((line) => current.some(({ name }) => name === line)),
  );
  t.comment(`whole again ${((performance.now() - begin) / 1000).toFixed(1)} s after its return`);
}
