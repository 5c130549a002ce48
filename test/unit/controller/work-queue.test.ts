import t from 'tap';
import { BackOff } from '../../../src/controller/back-off.ts';
import { type Work, WorkQueue } from '../../../src/controller/work-queue.ts';
import { FakeClock } from '../../simulation/fake-clock.ts';

/** A queue with its workers, and what they were given when. */
function working(workers: number, work: Work) {
  const clock = new FakeClock(0);
  const errors: string[] = [];
  const queue = new WorkQueue({ clock, onError: (key) => errors.push(key) });
  const ending = new AbortController();
  const done = queue.run(workers, work, ending.signal);
  return { clock, queue, errors, ending, done };
}

t.test('a key that is added often waits once', async (t) => {
  const seen: string[] = [];
  const { clock, queue, ending, done } = working(1, async (key) => {
    seen.push(key);
    return undefined;
  });
  for (const key of ['a', 'b', 'a', 'a', 'b']) queue.add(key);
  await clock.pass(1);
  t.same(seen, ['a', 'b']);
  ending.abort();
  await done;
});

t.test('what is added while a key is at work comes again, and never beside', async (t) => {
  let running = 0;
  let most = 0;
  let turns = 0;
  const { clock, queue, ending, done } = working(4, async () => {
    running += 1;
    turns += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => clock.after(10, resolve));
    running -= 1;
    return undefined;
  });
  queue.add('a');
  await clock.pass(5);
  for (let time = 0; time < 5; time += 1) queue.add('a');
  await clock.pass(100);
  t.equal(most, 1);
  t.equal(turns, 2);
  ending.abort();
  await done;
});

t.test('a failing key comes again after twice as long each time, until it works', async (t) => {
  const times: number[] = [];
  const { clock, queue, errors, ending, done } = working(1, async () => {
    times.push(clock.now());
    if (times.length < 5) throw new Error('not yet');
    return undefined;
  });
  queue.add('a');
  await clock.pass(1000);
  t.same(times, [0, 5, 15, 35, 75]);
  t.equal(errors.length, 4);
  ending.abort();
  await done;
});

t.test('of several times to look again the earliest counts', async (t) => {
  const times: number[] = [];
  const { clock, queue, ending, done } = working(1, async () => {
    times.push(clock.now());
    return undefined;
  });
  queue.addAfter('a', 500);
  queue.addAfter('a', 200);
  queue.addAfter('a', 900);
  await clock.pass(2000);
  t.same(times, [200]);
  ending.abort();
  await done;
});

t.test('a worker can ask to look again', async (t) => {
  const times: number[] = [];
  const { clock, queue, ending, done } = working(1, async () => {
    times.push(clock.now());
    return times.length < 3 ? 100 : undefined;
  });
  queue.add('a');
  await clock.pass(1000);
  t.same(times, [0, 100, 200]);
  ending.abort();
  await done;
});

t.test('the end waits for what is at work and lets nothing begin', async (t) => {
  let finished = 0;
  const { clock, queue, ending, done } = working(2, async () => {
    await new Promise<void>((resolve) => clock.after(50, resolve));
    finished += 1;
    return 10;
  });
  for (const key of ['a', 'b', 'c']) queue.add(key);
  await clock.pass(10);
  ending.abort();
  await clock.pass(200);
  await done;
  t.equal(finished, 2);
});

t.test('waiting has a longest step', (t) => {
  const backOff = new BackOff({ firstMs: 5, mostMs: 1000 });
  const waits = Array.from({ length: 60 }, () => backOff.next('a'));
  t.same(waits.slice(0, 4), [5, 10, 20, 40]);
  t.equal(waits.at(-1), 1000);
  t.equal(backOff.next('b'), 5);
  backOff.forget('a');
  t.equal(backOff.next('a'), 5);
  t.end();
});
