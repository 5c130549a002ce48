import t from 'tap';
import type { Clock } from '../../../src/base/clock.ts';
import { Beats } from '../../../src/kubelet/probe/beats.ts';

/** A clock that stands still, and whose timers are run by hand. */
class HandClock implements Clock {
  readonly timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  now(): number {
    return 1000;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.now() + delayMs, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  pass(atMs: number): void {
    for (const timer of this.timers) {
      if (timer.atMs > atMs) continue;
      this.timers.delete(timer);
      timer.run();
    }
  }
}

t.test('all who wait for a moment wait by one timer', async (t) => {
  const clock = new HandClock();
  const { signal } = new AbortController();
  const woken: number[] = [];
  const waits = [2000, 2000, 2250, 2000].map(async (atMs, index) => {
    await Beats.of(clock).until(atMs, signal);
    woken.push(index);
  });
  t.equal(clock.timers.size, 2);
  clock.pass(2000);
  await Promise.all([waits[0], waits[1], waits[3]]);
  t.same(woken, [0, 1, 3]);
  clock.pass(2250);
  await waits[2];
  t.same(woken, [0, 1, 3, 2]);
  t.equal(clock.timers.size, 0);
});

t.test(
  'who is stopped waits no more, the others do; the last one takes the timer along',
  async (t) => {
    const clock = new HandClock();
    const [one, other] = [new AbortController(), new AbortController()];
    const first = Beats.of(clock).until(2000, one.signal);
    const second = Beats.of(clock).until(2000, other.signal);
    one.abort();
    await first;
    t.equal(clock.timers.size, 1);
    other.abort();
    await second;
    t.equal(clock.timers.size, 0);
    await Beats.of(clock).until(2000, other.signal);
    t.equal(clock.timers.size, 0, 'who was stopped before does not begin');
  },
);

t.test('a moment that has passed comes at once, and again', async (t) => {
  const clock = new HandClock();
  const { signal } = new AbortController();
  for (let round = 0; round < 2; round += 1) {
    const wait = Beats.of(clock).until(500, signal);
    clock.pass(1000);
    await wait;
  }
  t.equal(clock.timers.size, 0);
});
