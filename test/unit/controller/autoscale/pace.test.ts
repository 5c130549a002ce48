import t from 'tap';
import { type History, pace } from '../../../../src/controller/autoscale/pace.ts';

const none: History = { wishes: [], changes: [] };
const minute = 60_000;

interface Step {
  readonly atMs: number;
  readonly current: number;
  readonly wished: number;
}

/** The last of several looks, each with what the ones before remembered. */
function after(steps: readonly Step[], behavior?: Parameters<typeof pace>[0]) {
  let history = none;
  let replicas = 0;
  let limited: string | undefined;
  for (const { atMs, current, wished } of steps) {
    const wish = { current, wished, least: 1, most: 10, nowMs: atMs };
    const paced = pace(behavior, wish, history);
    history = paced.history;
    replicas = paced.replicas;
    limited = paced.limited?.reason;
  }
  return { replicas, limited };
}

t.test('more are made at once, at most four or twice as many', (t) => {
  t.same(after([{ atMs: 0, current: 1, wished: 3 }]), { replicas: 3, limited: undefined });
  t.same(after([{ atMs: 0, current: 1, wished: 9 }]), { replicas: 5, limited: 'ScaleUpLimit' });
  const twice = [
    { atMs: 0, current: 1, wished: 9 },
    { atMs: 5000, current: 5, wished: 9 },
  ];
  t.same(after(twice), { replicas: 5, limited: 'ScaleUpLimit' }, 'in fifteen seconds');
  const later = [...twice, { atMs: 16_000, current: 5, wished: 9 }];
  t.same(after(later), { replicas: 9, limited: undefined });
  t.same(after([{ atMs: 0, current: 8, wished: 30 }]), {
    replicas: 10,
    limited: 'TooManyReplicas',
  });
  t.end();
});

function idleAt(atMs: number): Step {
  return { atMs, current: 3, wished: 1 };
}

t.test('fewer only after five minutes in which no more were wished', (t) => {
  t.equal(after([idleAt(0)]).replicas, 3, 'what is there was wished, too');
  t.equal(after([idleAt(0), idleAt(4.9 * minute)]).replicas, 3);
  t.equal(after([idleAt(0), idleAt(5.1 * minute)]).replicas, 1);
  const peak = [idleAt(0), { atMs: 4 * minute, current: 3, wished: 2 }, idleAt(5.1 * minute)];
  t.equal(after(peak).replicas, 2, 'a peak in between counts');
  t.end();
});

t.test('an own behaviour', (t) => {
  const down = [
    { atMs: 0, current: 8, wished: 1 },
    { atMs: 1000, current: 8, wished: 1 },
  ];
  const at = { stabilizationWindowSeconds: 0 };
  t.equal(after(down, { scaleDown: at }).replicas, 1);
  const slow = { ...at, policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] };
  t.same(after(down.slice(1), { scaleDown: slow }), { replicas: 6, limited: 'ScaleDownLimit' });
  const off = { ...at, selectPolicy: 'Disabled' };
  t.equal(after(down, { scaleDown: off }).replicas, 8);
  const policies = [
    { type: 'Pods', value: 1, periodSeconds: 60 },
    { type: 'Percent', value: 50, periodSeconds: 60 },
  ];
  const up = [{ atMs: 0, current: 4, wished: 10 }];
  t.equal(after(up, { scaleUp: { policies } }).replicas, 6);
  t.equal(after(up, { scaleUp: { policies, selectPolicy: 'Min' } }).replicas, 5);
  const patient = { scaleUp: { stabilizationWindowSeconds: 60, policies } };
  t.equal(after(up, patient).replicas, 4, 'more have to be wished for a minute');
  t.end();
});

t.test('bounds are kept, whatever is wished', (t) => {
  t.same(after([{ atMs: 0, current: 1, wished: 0 }]), { replicas: 1, limited: 'TooFewReplicas' });
  t.equal(after([{ atMs: 0, current: 14, wished: 14 }]).replicas, 10);
  t.end();
});
