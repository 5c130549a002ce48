import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { KeyedLock } from '../../../src/base/keyed-lock.ts';
import { nearest } from '../../../src/base/nearest.ts';
import { SpanRecorder } from '../../../src/base/span.ts';
import { Wakeup } from '../../../src/base/wakeup.ts';

t.test('work on one key waits for its turn, other keys do not, failures pass', async (t) => {
  const lock = new KeyedLock();
  const order: string[] = [];
  const work = (name: string, ms: number) => async (): Promise<void> => {
    order.push(`${name} begins`);
    await sleep(ms);
    order.push(`${name} ends`);
    if (name === 'a1') throw new Error('a1 fails');
  };
  const first = lock.run('a', work('a1', 30));
  const rest = Promise.all([lock.run('a', work('a2', 1)), lock.run('b', work('b1', 1))]);
  await t.rejects(first, /a1 fails/);
  await rest;
  t.same(order, ['a1 begins', 'b1 begins', 'b1 ends', 'a1 ends', 'a2 begins', 'a2 ends']);
});

t.test('the nearest word is close, or there is none', async (t) => {
  const words = ['run', 'rename', 'rm', 'restart'];
  t.equal(nearest('rnu', words), 'run');
  t.equal(nearest('restrat', words), 'restart');
  t.equal(nearest('RENAM', words), 'rename');
  t.equal(nearest('xyzzy', words), undefined);
});

t.test('spans nest, and cost nothing when off', async (t) => {
  const spans = new SpanRecorder(true);
  await spans.step('outer', () => spans.step('inner', () => sleep(5)));
  t.match(spans.spans, [
    { name: 'outer', depth: 0 },
    { name: 'inner', depth: 1 },
  ]);
  t.ok((spans.spans[0]?.durationMs ?? 0) >= (spans.spans[1]?.durationMs ?? 1));
  const off = new SpanRecorder(false);
  t.equal(await off.step('x', async () => 5), 5);
  t.same(off.spans, []);
});

t.test('a wake before the wait is not lost, and a wait can have a limit', async (t) => {
  const change = new Wakeup();
  change.wake();
  await change.wait();
  await change.wait(5);
  t.pass('both returned');
});
