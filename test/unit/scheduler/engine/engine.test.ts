import t from 'tap';
import type { Node, Pod } from '../../../../src/api/types/generated/core-v1.ts';
import type { Decision } from '../../../../src/scheduler/engine/decision.ts';
import { Engine } from '../../../../src/scheduler/engine/engine.ts';
import { nodesToFind } from '../../../../src/scheduler/engine/find-feasible.ts';

t.test('of few nodes all are looked at, of many a share that falls to 5 %', async (t) => {
  const shares = [50, 100, 200, 1000, 5000, 10_000].map((nodes) => nodesToFind(nodes, 0));
  t.same(shares, [50, 100, 100, 420, 500, 500]);
  t.equal(nodesToFind(5000, 100), 5000);
  t.equal(nodesToFind(5000, 30), 1500);
  t.equal(nodesToFind(150, 10), 100, 'never below 100');
});

t.test('the search goes on where the last one ended, zones in turn', async (t) => {
  const engine = new Engine({ percentageOfNodesToScore: 10 });
  for (let at = 0; at < 2000; at += 1) {
    const zone = at < 1000 ? 'a' : 'b';
    engine.cluster.setNode(nodeOf(`node-${at}`, { zone }));
  }
  const zones = new Set<string>();
  const names = new Set<string>();
  for (let at = 0; at < 40; at += 1) {
    const decision = engine.decide(podOf(`pod-${at}`));
    t.match(decision, { outcome: 'placed', evaluated: 200, feasible: 200 });
    const { nodeName } = decision as { nodeName: string };
    engine.cluster.placePod(podOf(`pod-${at}`), nodeName);
    names.add(nodeName);
    zones.add(Number(nodeName.slice(5)) < 1000 ? 'a' : 'b');
  }
  t.equal(names.size, 40, 'no node twice');
  t.equal(zones.size, 2);
});

t.test('without nodes there is nothing to count', async (t) => {
  t.equal(messageOf(new Engine().decide(podOf('web'))), 'no nodes available to schedule pods');
});

t.test("a daemon's pod is only asked of its node, and says so of the others", async (t) => {
  const engine = new Engine();
  for (const name of ['host01', 'host02', 'host03']) engine.cluster.setNode(nodeOf(name));
  const affinity = {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['host02'] }] },
        ],
      },
    },
  };
  t.match(engine.decide(podOf('small', { affinity })), { nodeName: 'host02', evaluated: 1 });
  t.equal(
    messageOf(engine.decide(podOf('large', { affinity, cpu: '3', priority: 1 }))),
    '0/3 nodes are available: 1 Insufficient cpu, ' +
      "2 node(s) didn't satisfy plugin(s) [NodeAffinity]. " +
      'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
  );
});

t.test(
  'a node that was made free is kept for the pod, against all less important ones',
  async (t) => {
    const engine = new Engine();
    const { cluster, nominations } = engine;
    cluster.setNode(nodeOf('host01'));
    const urgent = podOf('urgent', { cpu: '2', priority: 10 });
    const nominated = { ...urgent, status: { nominatedNodeName: 'host01' } };
    nominations.add(cluster.draftPod(nominated, 'host01'));
    const lesser = engine.decide(podOf('lesser', { cpu: '1', priority: 5 }));
    t.match(messageOf(lesser), /^0\/1 nodes are available: 1 Insufficient cpu\./);
    t.match(engine.decide(podOf('equal', { cpu: '1', priority: 10 })), {
      outcome: 'unschedulable',
    });
    t.match(engine.decide(podOf('higher', { cpu: '1', priority: 11 })), { nodeName: 'host01' });
    t.match(engine.decide(nominated), { nodeName: 'host01' });
    t.equal(cluster.podCount, 0, 'asking has changed nothing');
    nominations.delete('default/urgent');
    t.match(engine.decide(podOf('lesser', { cpu: '1', priority: 5 })), { nodeName: 'host01' });
  },
);

t.test('while victims leave, the pod that they leave for does not evict more', async (t) => {
  const engine = new Engine();
  engine.cluster.setNode(nodeOf('host01'));
  engine.cluster.placePod(podOf('victim', { cpu: '2' }), 'host01');
  const urgent = podOf('urgent', { cpu: '2', priority: 10 });
  const first = engine.decide(urgent);
  t.match(first, { preemption: { nodeName: 'host01', victims: [{ key: 'default/victim' }] } });
  const leaving = podOf('victim', { cpu: '2' });
  const deletionTimestamp = '2026-01-01T00:00:00Z';
  const metadata = { ...leaving.metadata, deletionTimestamp };
  engine.cluster.placePod({ ...leaving, metadata }, 'host01');
  const again = engine.decide({ ...urgent, status: { nominatedNodeName: 'host01' } });
  t.match(again, { preemption: undefined, keepsNomination: true });
  t.match(
    messageOf(again),
    /preemption: not eligible due to a terminating pod on the nominated node\.$/,
  );
});

t.test('equally good nodes are drawn by lot, the same for the same seed', async (t) => {
  t.same(drawn(7), drawn(7));
  t.notSame(drawn(7), drawn(8));
  t.ok(new Set(drawn(7)).size > 10);
});

t.test('labels called like what every object has are labels like others', async (t) => {
  for (const key of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    const engine = new Engine();
    engine.cluster.setNode(nodeOf('host01'));
    const spread = {
      maxSkew: 1,
      topologyKey: key,
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: {},
    };
    const decision = engine.decide(podOf('web', { topologySpreadConstraints: [spread] }));
    t.match(messageOf(decision), /missing required label/, key);
    const nodeSelector = JSON.parse(`{"${key}": "x"}`) as Record<string, string>;
    t.equal(engine.decide(podOf('other', { nodeSelector })).outcome, 'unschedulable', key);
  }
});

t.test('a selector that cannot be read concerns its own pod alone', async (t) => {
  const engine = new Engine();
  engine.cluster.setNode(nodeOf('host01'));
  const matchExpressions = [{ key: 'a', operator: 'Like', values: ['b'] }];
  const nodeSelectorTerms = [{ matchExpressions }];
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  const decision = engine.decide(podOf('odd', { affinity: { nodeAffinity: required } }));
  t.match(messageOf(decision), /"Like" is not a valid node selector operator/);
  t.match(engine.decide(podOf('web')), { nodeName: 'host01' });
});

t.test('pods of ever new kinds do not make the engine grow', async (t) => {
  const engine = new Engine();
  for (const name of ['host01', 'host02']) engine.cluster.setNode(nodeOf(name, { pods: '10' }));
  for (let at = 0; at < 3000; at += 1) {
    const labels = { kind: `kind-${at}` };
    const labelSelector = { matchLabels: labels };
    const term = { topologyKey: `topology-${at}`, labelSelector };
    const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
    const pod = podOf(`pod-${at}`, { affinity: { podAntiAffinity }, labels });
    const decision = engine.decide(pod) as { nodeName: string };
    engine.cluster.placePod(pod, decision.nodeName);
    engine.cluster.removePod(`default/pod-${at}`);
  }
  const { groups, repelling } = engine.cluster;
  t.ok(groups.size <= 1100, `${groups.size} groups of pods are kept`);
  t.ok(groups.queries <= 1100, `${groups.queries} queries are kept`);
  t.ok(repelling.size <= 300, `${repelling.size} terms are kept`);
});

function drawn(seed: number): readonly string[] {
  const engine = new Engine({ seed });
  for (let at = 0; at < 50; at += 1) engine.cluster.setNode(nodeOf(`node-${at}`));
  return Array.from({ length: 20 }, (_, at) => {
    return (engine.decide(podOf(`pod-${at}`)) as { nodeName: string }).nodeName;
  });
}

function nodeOf(name: string, { zone = 'a', pods = '110' } = {}): Node {
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': zone };
  const allocatable = { cpu: '2', memory: '8Gi', pods };
  return { metadata: { name, labels }, spec: {}, status: { allocatable } };
}

type Wishes = Partial<Pod['spec']> & { cpu?: string; labels?: Record<string, string> };

function podOf(name: string, { cpu = '100m', labels = {}, ...spec }: Wishes = {}): Pod {
  const containers = [{ name: 'main', image: 'web', resources: { requests: { cpu } } }];
  const metadata = { name, namespace: 'default', uid: name, labels };
  return { metadata, spec: { containers, ...spec } };
}

function messageOf(decision: Decision): string {
  return decision.outcome === 'unschedulable' ? decision.message : `on ${decision.nodeName}`;
}
