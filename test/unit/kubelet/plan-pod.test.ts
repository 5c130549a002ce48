import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { type Action, planPod, type Situation } from '../../../src/kubelet/pod/plan-pod.ts';
import type { ObservedPod } from '../../../src/kubelet/runtime/observed-pod.ts';
import { annotation } from '../../../src/kubelet/runtime/record.ts';
import {
  container,
  exited,
  initContainer,
  nowMs,
  observed,
  podOf,
  sandbox,
  situation,
} from './scene.ts';

function words(action: Action): string {
  if (action.do === 'start') {
    return `start ${action.what.container.name} ${action.attempt.number}`;
  }
  if (action.do === 'kill' || action.do === 'remove') return `${action.do} ${action.container.id}`;
  if (action.do === 'createSandbox') return `createSandbox ${action.attempt}`;
  if (action.do === 'releaseSandbox') return `releaseSandbox ${action.sandbox.id}`;
  return action.do === 'endPod' ? 'endPod' : `${action.do} ${action.id}`;
}

function plan(pod: Pod, seen: ObservedPod, more: Partial<Situation> = {}): string[] {
  return planPod(situation(pod, seen, more)).actions.map(words);
}

t.test('a pod begins with its sandbox, then its containers in their order', async (t) => {
  const pod = podOf({ containers: [initContainer('a'), initContainer('b')] });
  t.same(plan(pod, observed([], [])), ['createSandbox 0']);
  t.same(plan(pod, observed([])), ['start a 0', 'start b 0']);
  t.same(plan(pod, observed([container({ name: 'a' })])), ['start b 0']);
  t.same(plan(pod, observed([container({ name: 'a' }), container({ name: 'b' })])), []);
});

t.test('init containers come one after the other, and once', async (t) => {
  const initContainers = [initContainer('one'), initContainer('two')];
  const pod = podOf({ initContainers });
  t.same(plan(pod, observed([])), ['start one 0']);
  t.same(plan(pod, observed([container({ name: 'one' })])), []);
  t.same(plan(pod, observed([exited(0, { name: 'one' })])), ['start two 0']);
  const done = [exited(0, { name: 'one' }), exited(0, { name: 'two' })];
  t.same(plan(pod, observed(done)), ['start main 0']);
  t.same(plan(pod, observed([container()])), [], 'those that were removed do not run again');
});

t.test('an init container that fails is tried again, or ends the pod', async (t) => {
  const initContainers = [initContainer('one')];
  const failed = observed([exited(1, { name: 'one' })]);
  t.same(plan(podOf({ initContainers }), failed), ['start one 1']);
  t.same(plan(podOf({ initContainers, restartPolicy: 'OnFailure' }), failed), ['start one 1']);
  t.same(plan(podOf({ initContainers, restartPolicy: 'Never' }), failed), ['endPod']);
});

t.test('a sidecar lets the next one begin when it has started, and is kept', async (t) => {
  const side = initContainer('side', { restartPolicy: 'Always' });
  const pod = podOf({ initContainers: [side, initContainer('one')] });
  const running = container({ name: 'side' });
  t.same(plan(pod, observed([running]), { started: new Set() }), []);
  t.same(plan(pod, observed([running])), ['start one 0']);
  const ended = [exited(0, { name: 'side' }), container()];
  t.same(plan(pod, observed(ended)), ['start side 1']);
  const done = podOf({ initContainers: [side], restartPolicy: 'Never' });
  t.same(plan(done, observed([exited(0), running])), ['endPod'], 'it holds no pod that is done');
});

t.test('restart policies', async (t) => {
  for (const [restartPolicy, exitCode, expected] of [
    ['Always', 0, ['start main 1']],
    ['Always', 1, ['start main 1']],
    ['OnFailure', 0, ['endPod']],
    ['OnFailure', 1, ['start main 1']],
    ['Never', 0, ['endPod']],
    ['Never', 1, ['endPod']],
  ] as const) {
    t.same(plan(podOf({ restartPolicy }), observed([exited(exitCode)])), expected, restartPolicy);
  }
});

t.test('rules of a container let some exit codes restart it', async (t) => {
  const restartPolicyRules = [
    { action: 'Restart', exitCodes: { operator: 'In', values: [42] } },
  ] as const;
  const main = { ...initContainer('main'), restartPolicy: 'Never', restartPolicyRules };
  const pod = podOf({ containers: [main], restartPolicy: 'Never' });
  t.same(plan(pod, observed([exited(42)])), ['start main 1']);
  t.same(plan(pod, observed([exited(41)])), ['endPod']);
});

t.test('the pause before another attempt is of the container before', async (t) => {
  const paused = exited(1, { annotations: { [annotation.backOffSeconds]: '20' } });
  const { actions, againAtMs } = planPod(situation(podOf(), observed([paused])));
  t.same(actions, []);
  t.equal(againAtMs, nowMs + 19_000);
  const later = planPod(situation(podOf(), observed([paused]), { nowMs: nowMs + 19_000 }));
  t.match(later.actions, [{ attempt: { number: 1, backOffSeconds: 40 } }]);
  const first = planPod(situation(podOf(), observed([exited(1)])));
  t.match(first.actions, [{ attempt: { number: 1, backOffSeconds: 10 } }]);
});

t.test('an attempt that failed is held', async (t) => {
  const heldUntilMs = new Map([['main', nowMs + 5]]);
  const { actions, againAtMs } = planPod(situation(podOf(), observed([]), { heldUntilMs }));
  t.same(actions, []);
  t.equal(againAtMs, nowMs + 5);
});

t.test('one that failed a probe, or has another image, is killed', async (t) => {
  const condemned = new Map([['main0', { message: 'x' }]]);
  t.same(plan(podOf(), observed([container()]), { condemned }), ['kill main0']);
  const other = podOf({ containers: [initContainer('main', { image: 'other' })] });
  t.same(plan(other, observed([container()])), ['kill main0']);
});

t.test('a sandbox that broke is given back before the next one', async (t) => {
  const broken = sandbox({ ready: false, attempt: 2 });
  t.same(plan(podOf(), observed([], [broken])), ['releaseSandbox s0', 'createSandbox 3']);
  const released = new Set(['s0']);
  t.same(plan(podOf(), observed([], [broken]), { released }), ['createSandbox 3']);
  const next = sandbox({ id: 's1', attempt: 3, createdAtMs: nowMs });
  const old = exited(137, { sandboxId: 's0' });
  const again = plan(podOf(), observed([old], [next, broken]), { released });
  t.same(again, ['start main 1'], 'containers go on counting');
});

t.test('a pod that is done gets no new sandbox', async (t) => {
  const broken = sandbox({ ready: false });
  const pod = podOf({ restartPolicy: 'Never' });
  t.same(plan(pod, observed([exited(0)], [broken])), ['endPod']);
  const released = new Set(['s0']);
  t.same(plan(pod, observed([exited(0)], [broken]), { released }), []);
});

t.test('a start that was interrupted is begun again with the same number', async (t) => {
  const { actions } = planPod(situation(podOf(), observed([container({ state: 'created' })])));
  t.match(actions, [{ do: 'start', attempt: { number: 0, leftover: 'main0' } }]);
});

t.test('of each container the newest two are kept', async (t) => {
  const seen = [container({ attempt: 3 }), exited(1, { attempt: 2 }), exited(1, { attempt: 1 })];
  t.same(plan(podOf(), observed(seen)), ['remove main1']);
});

t.test('an ephemeral container starts in the running pod, and once', async (t) => {
  const pod = podOf({ ephemeralContainers: [initContainer('debug')] });
  t.same(plan(pod, observed([container()])), ['start debug 0']);
  t.same(plan(pod, observed([container(), exited(1, { name: 'debug' })])), []);
});
