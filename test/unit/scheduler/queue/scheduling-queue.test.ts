import t from 'tap';
import type { Pod } from '../../../../src/api/types/generated/core-v1.ts';
import type { RuleName } from '../../../../src/scheduler/rule/rule.ts';
import { SchedulingQueue } from '../../../../src/scheduler/queue/scheduling-queue.ts';
import type { WaitingPod } from '../../../../src/scheduler/queue/waiting-pod.ts';
import { Dice } from '../reference/dice.ts';

const why = { rules: new Set<RuleName>(['NodeResourcesFit']), facts: undefined };

t.test('pods come by priority, then in the order in which they were told', async (t) => {
  const { queue } = makeQueue();
  for (const [name, priority] of Object.entries({ a: 0, b: 5, c: 0, d: 5, e: -1 })) {
    queue.add(name, podOf(priority));
  }
  t.same(popAll(queue), ['b', 'd', 'a', 'c', 'e']);
});

t.test('a pod whose priority rises while it waits comes first', async (t) => {
  const { queue } = makeQueue();
  queue.add('a', podOf(1));
  queue.add('b', podOf(0));
  queue.add('b', podOf(2));
  t.same(popAll(queue), ['b', 'a']);
});

t.test('back-off is 1 second, doubles, and ends at 10', async (t) => {
  const { queue, pass } = makeQueue();
  queue.add('a', podOf(0));
  for (const seconds of [1, 2, 4, 8, 10, 10]) {
    queue.fail(take(queue), why);
    queue.wake(() => true);
    t.equal(queue.nextDueIn(), seconds * 1000);
    pass(seconds * 1000 - 1);
    t.equal(queue.pop(), undefined, `not before ${seconds} s`);
    pass(1);
  }
});

t.test('a pod waits for an event that may help, and is woken by no other', async (t) => {
  const { queue, pass } = makeQueue();
  queue.add('a', podOf(0));
  queue.add('b', podOf(0));
  queue.fail(take(queue), why);
  queue.fail(take(queue), { ...why, rules: new Set<RuleName>(['NodeAffinity']) });
  pass(60_000);
  t.equal(queue.pop(), undefined);
  queue.wake(({ rules }) => rules.has('NodeAffinity'));
  t.same(popAll(queue), ['b']);
  t.same(queue.counts, { active: 0, backoff: 0, unschedulable: 1 });
});

t.test('after five minutes a pod is tried without any event', async (t) => {
  const { queue, pass } = makeQueue();
  queue.add('a', podOf(0));
  queue.fail(take(queue), why);
  pass(299_000);
  t.equal(queue.pop(), undefined);
  pass(31_000);
  t.equal(queue.pop()?.key, 'a');
});

t.test('a pod that is gone or has a node comes no more, whatever happens then', async (t) => {
  const { queue, pass } = makeQueue();
  queue.add('a', podOf(0));
  const waiting = take(queue);
  queue.delete('a');
  queue.fail(waiting, why);
  queue.defer(waiting);
  queue.wake(() => true);
  pass(600_000);
  t.equal(queue.pop(), undefined);
  t.equal(queue.size, 0);
  t.equal(queue.nextDueIn(), undefined);
});

t.test('what goes wrong with the server is tried again after the back-off', async (t) => {
  const { queue, pass } = makeQueue();
  queue.add('a', podOf(0));
  queue.defer(take(queue));
  t.equal(queue.nextDueIn(), 1000);
  pass(1000);
  t.equal(queue.pop()?.key, 'a');
});

t.test('a change of the pod itself makes it move on, news of its status do not', async (t) => {
  const { queue, pass } = makeQueue();
  queue.add('a', podOf(0));
  queue.fail(take(queue), why);
  pass(60_000);
  queue.refresh('a', podOf(0));
  t.equal(queue.pop(), undefined);
  queue.add('a', podOf(0));
  t.equal(queue.pop()?.key, 'a');
});

t.test('however pods come and go, each is in one place and none is lost', async (t) => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const dice = new Dice(seed);
    const { queue, pass } = makeQueue();
    const known = new Set<string>();
    const taken = new Map<string, WaitingPod>();
    for (let step = 0; step < 60; step += 1) {
      const key = `pod-${dice.below(8)}`;
      const choice = dice.below(6);
      if (choice <= 1) {
        queue.add(key, podOf(dice.below(3)));
        known.add(key);
      } else if (choice === 2) {
        queue.delete(key);
        known.delete(key);
        taken.delete(key);
      } else if (choice === 3) {
        const next = queue.pop();
        if (next !== undefined) taken.set(next.key, next);
      } else if (choice === 4) {
        const waiting = taken.get(key);
        if (waiting !== undefined) queue[dice.chance(0.5) ? 'defer' : 'fail'](waiting, why);
        taken.delete(key);
      } else {
        queue.wake(() => dice.chance(0.5));
        pass(dice.below(5000));
      }
      const { active, backoff, unschedulable } = queue.counts;
      if (active + backoff + unschedulable + taken.size !== known.size) {
        t.fail(`seed ${seed}, step ${step}: ${JSON.stringify(queue.counts)}`);
        return;
      }
    }
    for (const waiting of taken.values()) queue.defer(waiting);
    queue.wake(() => true);
    pass(10_000);
    const left = popAll(queue);
    if (left.toSorted().join() !== [...known].toSorted().join())
      t.fail(`seed ${seed}: ${left.join()}`);
  }
  t.pass();
});

function makeQueue() {
  let now = 1_000_000;
  const queue = new SchedulingQueue(() => now);
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { queue, pass };
}

function podOf(priority: number): Pod {
  return { metadata: {}, spec: { priority, containers: [] } };
}

function take(queue: SchedulingQueue): WaitingPod {
  const next = queue.pop();
  if (next === undefined) throw new Error('no pod has its turn');
  return next;
}

function popAll(queue: SchedulingQueue): string[] {
  const keys: string[] = [];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) keys.push(next.key);
  return keys;
}
