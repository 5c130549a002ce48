/** A runtime that has no CPU for a while keeps its spawner and its shims. */
import { mkdtempSync, rmSync } from 'node:fs';
import t from 'tap';
import { Spawner } from '../../../src/kernel/spawner.ts';
import { Supervisor } from '../../../src/kernel/supervisor.ts';
import { withoutRoot } from '../skip.ts';

const skip = { skip: withoutRoot };

/** Asks in one turn of the event loop, so that no answer is read before the last question. */
async function askAll(supervisor: Supervisor): Promise<number> {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const answers: Promise<unknown>[] = [];
  for (let asked = 0; asked < 900; asked += 1) {
    answers.push(supervisor.state());
    // The other side is to have answered meanwhile.
    if (asked % 50 === 0) Atomics.wait(pause, 0, 0, 5);
  }
  return (await Promise.all(answers)).length;
}

t.test('a spawner waits until its answers are read', async (t) => {
  const spawner = await Spawner.start();
  t.teardown(() => spawner.close());
  t.equal(await askAll(spawner.supervisor), 900);
  t.notOk(spawner.ended);
});

t.test('a shim keeps a client that is slow to read', skip, async (t) => {
  const folder = mkdtempSync('/tmp/keelson-slow-');
  t.teardown(() => rmSync(folder, { recursive: true }));
  const spawner = await Spawner.start();
  t.teardown(() => spawner.close());
  await spawner.supervisor.startShim(folder, 'slow');
  let lost = false;
  const shim = Supervisor.connect(folder, {
    onExit: () => undefined,
    onEnd: () => (lost = true),
  });
  t.equal(await askAll(shim), 900);
  t.notOk(lost);
  await shim.shutdown().catch(() => undefined);
  shim.close();
});
