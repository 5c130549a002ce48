import t from 'tap';
import type { Stored } from '../../../src/api/client/client.ts';
import type { Endpoint, EndpointSlice } from '../../../src/api/types/generated/discovery-v1.ts';
import { planSlices } from '../../../src/controller/endpoints/plan-slices.ts';
import { judge } from '../../../src/controller/job/failure-policy.ts';
import { backOffMs, endingOf, tally } from '../../../src/controller/job/plan-job.ts';
import { slowStart } from '../../../src/controller/pod-control.ts';
import { choose } from '../../../src/controller/replica-set.ts';
import type { Job, Pod } from '../../../src/controller/stored.ts';

const created = '2026-01-01T00:00:00Z';
const nowMs = Date.parse(created) + 3600_000;

interface PodState {
  readonly node?: string;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly cost?: string;
  readonly exitCode?: number;
  readonly endedAt?: string;
  readonly free?: boolean;
}

function podOf(name: string, state: PodState = {}): Pod {
  const { node, phase = 'Running', ready = true, cost, exitCode, endedAt, free } = state;
  const annotations = { 'controller.kubernetes.io/pod-deletion-cost': cost ?? '0' };
  const terminated =
    exitCode === undefined ? undefined : { exitCode, finishedAt: endedAt ?? created };
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      resourceVersion: '1',
      creationTimestamp: created,
      annotations,
      ...(free !== true && { finalizers: ['batch.kubernetes.io/job-tracking'] }),
    },
    spec: { containers: [], nodeName: node },
    status: {
      phase,
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: created },
      ],
      ...(terminated !== undefined && {
        containerStatuses: [
          {
            name: 'a',
            image: '',
            imageID: '',
            ready: false,
            restartCount: 0,
            state: { terminated },
          },
        ],
      }),
    },
  };
}

t.test('of too many pods those go that are missed least', (t) => {
  const pods = [
    podOf('served', { node: 'n1' }),
    podOf('dear', { node: 'n1', cost: '10' }),
    podOf('cheap', { node: 'n1', cost: '-5' }),
    podOf('unready', { node: 'n1', ready: false }),
    podOf('pending', { node: 'n1', phase: 'Pending', ready: false }),
    podOf('unbound', { phase: 'Pending', ready: false }),
    podOf('alone', { node: 'n2' }),
  ];
  const order = choose(pods, { count: 7, related: pods, nowMs }).map(
    ({ metadata }) => metadata.name,
  );
  t.same(order, ['unbound', 'pending', 'unready', 'cheap', 'served', 'alone', 'dear']);
  t.same(choose(pods, { count: 0, related: pods, nowMs }), []);
  t.end();
});

t.test('work that cannot succeed is tried once, not a hundred times', async (t) => {
  const sizes: number[] = [];
  let tried = 0;
  await t.rejects(
    slowStart(100, async () => {
      tried += 1;
      throw new Error('quota');
    }),
    { message: 'quota' },
  );
  t.equal(tried, 1);
  let running = 0;
  await slowStart(10, async () => {
    running += 1;
    await Promise.resolve();
    sizes.push(running);
    running -= 1;
  });
  t.equal(sizes.length, 10);
  t.equal(Math.max(...sizes), 4);
});

function jobOf(spec: Partial<Job['spec']>, status: Job['status'] = {}): Job {
  return {
    metadata: { name: 'j', uid: 'j', resourceVersion: '1', creationTimestamp: created },
    spec: { template: {}, completions: 3, backoffLimit: 2, ...spec },
    status,
  };
}

t.test('an end is noted before it is counted, and counted once', (t) => {
  const ended = podOf('x', { phase: 'Succeeded' });
  const first = tally(jobOf({}), [ended]);
  t.same(first.uncounted.succeeded, ['x']);
  t.equal(first.succeeded, 0);
  const noted = jobOf({}, { uncountedTerminatedPods: { succeeded: ['x'] } });
  const held = tally(noted, [ended]);
  t.same([held.succeeded, held.note.length, held.release.length], [0, 0, 1]);
  const free = tally(noted, [podOf('x', { phase: 'Succeeded', free: true })]);
  t.same([free.succeeded, free.uncounted.succeeded.length], [1, 0]);
  const gone = tally(noted, []);
  t.equal(gone.succeeded, 1);
  const later = tally(jobOf({}, { succeeded: 1 }), [
    podOf('x', { phase: 'Succeeded', free: true }),
  ]);
  t.same([later.succeeded, later.note.length], [1, 0]);
  t.end();
});

function failed(exitCode: number): Pod {
  return podOf('x', { phase: 'Failed', exitCode });
}

t.test('a policy decides by exit codes and conditions, first rule first', (t) => {
  const rules = [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] },
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
    { action: 'Count', onExitCodes: { operator: 'NotIn', values: [1] } },
  ];
  const job = jobOf({ podFailurePolicy: { rules } });
  t.same(judge(job, failed(42)), {
    action: 'FailJob',
    message:
      'Container a for pod default/x failed with exit code 42 matching FailJob rule at index 1',
  });
  t.equal(judge(job, failed(7)).action, 'Count');
  const pod = failed(42);
  const conditions = [{ type: 'DisruptionTarget', status: 'True' }];
  t.equal(judge(job, { ...pod, status: { ...pod.status, conditions } }).action, 'Ignore');
  const counts = tally(job, [failed(42)]);
  t.match(endingOf(job, counts, nowMs), { type: 'Failed', reason: 'PodFailurePolicy' });
  t.end();
});

t.test('failures in a row make the next pod wait, and a success ends the row', (t) => {
  const at = (seconds: number) => new Date(nowMs - seconds * 1000).toISOString();
  const failedAgo = (name: string, ago: number) =>
    podOf(name, { phase: 'Failed', exitCode: 1, endedAt: at(ago) });
  const job = jobOf({});
  t.equal(backOffMs(job, [failedAgo('a', 4)], nowMs), 6000);
  t.equal(backOffMs(job, [failedAgo('a', 30), failedAgo('b', 5)], nowMs), 15_000);
  t.equal(backOffMs(job, [failedAgo('a', 30)], nowMs), 0);
  const good = podOf('c', { phase: 'Succeeded', exitCode: 0, endedAt: at(2) });
  t.equal(backOffMs(job, [failedAgo('a', 4), good], nowMs), 0);
  t.end();
});

t.test('a job whose success policy is met is done, whatever else runs', (t) => {
  const rules = [{ succeededIndexes: '0,2-3', succeededCount: 2 }, { succeededCount: 5 }];
  const spec = { completionMode: 'Indexed', completions: 9, successPolicy: { rules } };
  const after = (completedIndexes: string) => {
    const job = { ...jobOf(spec), status: { completedIndexes } };
    return endingOf(job, tally(job, []), nowMs);
  };
  t.equal(after('0,5-7'), undefined);
  const complete = { type: 'Complete', reason: 'SuccessPolicy' };
  t.match(after('0,3'), { ...complete, message: 'Matched rules at index 0' });
  t.match(after('4-8'), { ...complete, message: 'Matched rules at index 1' });
  t.end();
});

t.test('indexes give up alone; too many of them, or the last one, end the job', (t) => {
  const spec = { completionMode: 'Indexed', completions: 4, backoffLimitPerIndex: 1 };
  const after = (status: object, more = {}) => {
    const job = { ...jobOf({ ...spec, ...more }), status };
    return endingOf(job, tally(job, []), nowMs);
  };
  t.equal(after({ failedIndexes: '1', completedIndexes: '0' }), undefined);
  t.match(after({ failedIndexes: '1', completedIndexes: '0,2-3' }), { reason: 'FailedIndexes' });
  t.match(after({ failedIndexes: '1-2' }, { maxFailedIndexes: 1 }), {
    type: 'Failed',
    reason: 'MaxFailedIndexesExceeded',
    message: 'Job has exceeded the specified maximal number of failed indexes',
  });
  t.end();
});

function endpointOf(index: number, ready = true): Endpoint {
  const uid = `p${index}`;
  return { addresses: [`10.0.0.${index}`], conditions: { ready }, targetRef: { uid } };
}

function sliceOf(name: string, endpoints: readonly Endpoint[]): Stored<EndpointSlice> {
  return {
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: created },
    addressType: 'IPv4',
    endpoints,
    ports: [],
  };
}

t.test('slices change as little as they can', (t) => {
  const many = Array.from({ length: 150 }, (_, index) => endpointOf(index));
  const fresh = planSlices([], [{ ports: [], endpoints: many }]);
  t.same(
    fresh.create.map(({ endpoints }) => endpoints.length),
    [100, 50],
  );
  const slices = [sliceOf('a', many.slice(0, 100)), sliceOf('b', many.slice(100))];
  const same = planSlices(slices, [{ ports: [], endpoints: many }]);
  t.same([same.create.length, same.update.length, same.remove.length], [0, 0, 0]);
  const changed = many.map((one, index) => (index === 120 ? endpointOf(120, false) : one));
  const one = planSlices(slices, [{ ports: [], endpoints: changed }]);
  t.same(
    one.update.map(({ slice }) => slice.metadata.name),
    ['b'],
  );
  const grown = planSlices(slices, [{ ports: [], endpoints: [...many, endpointOf(200)] }]);
  t.same(
    grown.update.map(({ slice, endpoints }) => [slice.metadata.name, endpoints.length]),
    [['b', 51]],
  );
  const fewer = planSlices(slices, [{ ports: [], endpoints: many.slice(0, 100) }]);
  t.same(
    fewer.remove.map(({ metadata }) => metadata.name),
    ['b'],
  );
  const none = planSlices(slices, [{ ports: [], endpoints: [] }]);
  t.same([none.update.length, none.remove.length, none.create.length], [1, 1, 0]);
  t.end();
});
