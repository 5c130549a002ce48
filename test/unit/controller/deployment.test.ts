import t from 'tap';
import { amountOf, boundsOf } from '../../../src/controller/deployment/bounds.ts';
import { isSameTemplate } from '../../../src/controller/deployment/new-set.ts';
import { annotationsOfNew } from '../../../src/controller/deployment/revision.ts';
import {
  newSize,
  planRolling,
  planScaling,
  type Rollout,
} from '../../../src/controller/deployment/rollout.ts';
import { rolloutStatus } from '../../../src/controller/deployment/status.ts';
import type { Deployment, ReplicaSet } from '../../../src/controller/stored.ts';

const created = '2026-01-01T00:00:00Z';

function deploymentOf(
  replicas: number,
  rollingUpdate: { maxSurge?: number | string; maxUnavailable?: number | string } = {},
): Deployment {
  return {
    metadata: { name: 'web', uid: 'd', resourceVersion: '1', creationTimestamp: created },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {},
      progressDeadlineSeconds: 600,
      strategy: { type: 'RollingUpdate', rollingUpdate },
    },
  };
}

function setOf(name: string, replicas: number, available = replicas): ReplicaSet {
  return {
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      generation: 2,
      creationTimestamp: `2026-01-0${name.length}T00:00:00Z`,
    },
    spec: { replicas, selector: {} },
    status: { replicas, availableReplicas: available, observedGeneration: 2 },
  };
}

function sized(set: ReplicaSet, desired: number, most: number): ReplicaSet {
  const annotations = {
    'deployment.kubernetes.io/desired-replicas': String(desired),
    'deployment.kubernetes.io/max-replicas': String(most),
  };
  return { ...set, metadata: { ...set.metadata, annotations } };
}

const steps = (plan: ReturnType<typeof planRolling>) =>
  Object.fromEntries(plan.map(({ set, replicas }) => [set.metadata.name, replicas]));

t.test('a surge is rounded up, what may be missing down, and one of them is not 0', (t) => {
  t.same(boundsOf(deploymentOf(10)), { surge: 3, unavailable: 2 });
  t.same(boundsOf(deploymentOf(1)), { surge: 1, unavailable: 0 });
  t.same(boundsOf(deploymentOf(3, { maxSurge: 0, maxUnavailable: '10%' })), {
    surge: 0,
    unavailable: 1,
  });
  t.same(boundsOf(deploymentOf(2, { maxSurge: 1, maxUnavailable: 5 })), {
    surge: 1,
    unavailable: 2,
  });
  t.equal(amountOf('100%', 7, Math.floor), 7);
  t.equal(amountOf('many', 7, Math.floor), 0);
  t.end();
});

t.test('new pods come up to the surge', (t) => {
  const deployment = deploymentOf(10, { maxSurge: 3, maxUnavailable: 2 });
  const rollout: Rollout = { deployment, newSet: undefined, oldSets: [setOf('a', 10)] };
  t.equal(newSize(rollout), 3);
  t.same(steps(planRolling({ ...rollout, newSet: setOf('bb', 0) })), { bb: 3 });
  t.end();
});

t.test('old pods go as far as enough are available', (t) => {
  const deployment = deploymentOf(10, { maxSurge: 3, maxUnavailable: 2 });
  const rollout: Rollout = { deployment, newSet: setOf('bb', 3, 0), oldSets: [setOf('a', 10)] };
  t.same(steps(planRolling(rollout)), { a: 8 });
  t.same(steps(planRolling({ ...rollout, oldSets: [setOf('a', 8)] })), { bb: 5 });
  const partly = { ...rollout, newSet: setOf('bb', 5, 3), oldSets: [setOf('a', 8)] };
  t.same(steps(planRolling(partly)), { a: 5 });
  t.end();
});

t.test('old pods that are not ready go first, whatever set they are of', (t) => {
  const deployment = deploymentOf(6, { maxSurge: 2, maxUnavailable: 0 });
  const oldSets = [setOf('a', 4, 4), setOf('aa', 2, 0)];
  const rollout: Rollout = { deployment, newSet: setOf('bbb', 2, 2), oldSets };
  t.same(steps(planRolling(rollout)), { aa: 0 });
  t.end();
});

t.test('nothing goes while a set has not yet been counted at its size', (t) => {
  const deployment = deploymentOf(4, { maxSurge: 0, maxUnavailable: 2 });
  const late = setOf('a', 4);
  const stale = { ...late, status: { replicas: 4, availableReplicas: 4, observedGeneration: 1 } };
  const rollout: Rollout = { deployment, newSet: setOf('bb', 0), oldSets: [stale] };
  t.same(planRolling(rollout), []);
  t.same(steps(planRolling({ ...rollout, oldSets: [late] })), { a: 2 });
  t.end();
});

t.test('a new number of pods is shared in proportion, and rounding goes to the largest', (t) => {
  const deployment = deploymentOf(20, { maxSurge: 2, maxUnavailable: 0 });
  const newSet = sized(setOf('bb', 4), 10, 12);
  const oldSets = [sized(setOf('a', 8), 10, 12)];
  t.same(steps(planScaling({ deployment, newSet, oldSets })), { a: 15, bb: 7 });
  const smaller = deploymentOf(5, { maxSurge: 1, maxUnavailable: 0 });
  const down = steps(planScaling({ deployment: smaller, newSet, oldSets }));
  t.equal(
    Object.values(down).reduce((sum, size) => sum + size, 0),
    6,
  );
  t.end();
});

t.test('one set alone takes the whole number', (t) => {
  const rollout = { deployment: deploymentOf(7), newSet: setOf('bb', 0), oldSets: [setOf('a', 3)] };
  t.same(steps(planScaling(rollout)), { a: 7 });
  t.same(steps(planScaling({ ...rollout, oldSets: [] })), { bb: 7 });
  t.end();
});

t.test('the label that tells templates apart does not make them different', (t) => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [] } };
  const hashed = { ...template, metadata: { labels: { app: 'web', 'pod-template-hash': 'x' } } };
  t.ok(isSameTemplate(template, hashed));
  t.notOk(isSameTemplate(template, { ...hashed, spec: { containers: [{ name: 'a' }] } }));
  t.end();
});

t.test('a set that is rolled back to keeps its revisions', (t) => {
  const known = { 'deployment.kubernetes.io/revision': '1' };
  const deployment = deploymentOf(1);
  const described = {
    ...deployment,
    metadata: {
      ...deployment.metadata,
      annotations: {
        'kubernetes.io/change-cause': 'why',
        'kubectl.kubernetes.io/last-applied-configuration': '{}',
        'deployment.kubernetes.io/revision': '2',
      },
    },
  };
  t.same(annotationsOfNew(described, known, 3), {
    'kubernetes.io/change-cause': 'why',
    'deployment.kubernetes.io/revision': '3',
    'deployment.kubernetes.io/revision-history': '1',
  });
  t.same(annotationsOfNew(deployment, { 'deployment.kubernetes.io/revision': '4' }, 3), {
    'deployment.kubernetes.io/revision': '4',
  });
  t.end();
});

t.test('a rollout without progress fails at its deadline', (t) => {
  const begun = Date.parse(created);
  const deployment: Deployment = {
    ...deploymentOf(2),
    status: {
      conditions: [
        {
          type: 'Progressing',
          status: 'True',
          reason: 'ReplicaSetUpdated',
          lastUpdateTime: created,
        },
      ],
    },
  };
  const rollout: Rollout = { deployment, newSet: setOf('bb', 2, 0), oldSets: [] };
  const stuck = { ...rollout, newSet: { ...setOf('bb', 2, 0), status: { replicas: 0 } } };
  const at = (nowMs: number) =>
    rolloutStatus(stuck, { nowMs, time: new Date(nowMs).toISOString() }).conditions?.find(
      ({ type }) => type === 'Progressing',
    );
  t.match(at(begun + 599_000), { reason: 'ReplicaSetUpdated' });
  t.match(at(begun + 601_000), {
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message: 'ReplicaSet "bb" has timed out progressing.',
  });
  t.end();
});
