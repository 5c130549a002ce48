import t from 'tap';
import { Pace, type PacedWatch } from '../../../src/apiserver/pace.ts';

t.test('a few watches write as soon as they can', async () => {
  const pace = new Pace();
  const watches = Array.from({ length: 40 }, () => pace.join());
  await Promise.all(watches.map((watch) => watch.turn()));
});

t.test('a thousand do not all write in the same moment', async (t) => {
  const pace = new Pace();
  const watches = Array.from({ length: 1000 }, () => pace.join());
  // On a machine that is busy just then, moments may be late and fall together.
  const deadline = Date.now() + 60_000;
  let most = 1000;
  while (most > 250 && Date.now() < deadline) most = await mostAtOnce(watches);
  t.ok(most <= 250, `${most} at once`);
});

async function mostAtOnce(watches: readonly PacedWatch[]): Promise<number> {
  const counts: number[] = [];
  let moment = 0;
  const turn = async (watch: PacedWatch): Promise<void> => {
    await watch.turn();
    counts[moment] = (counts[moment] ?? 0) + 1;
    setImmediate(() => (moment = counts.length));
  };
  await Promise.all(watches.map(turn));
  return Math.max(...counts.filter((count) => count > 0));
}

t.test('watches that have ended no longer make others wait', { timeout: 60_000 }, async (t) => {
  const pace = new Pace();
  for (let count = 0; count < 1000; count += 1) pace.join()[Symbol.dispose]();
  using watch = pace.join();
  for (let turn = 0; turn < 1000; turn += 1) await watch.turn();
  t.pass('a thousand turns took no timer');
});
