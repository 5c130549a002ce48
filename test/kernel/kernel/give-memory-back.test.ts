import { readFileSync } from 'node:fs';
import t from 'tap';
import { giveMemoryBack } from '../../../src/kernel/give-memory-back.ts';

const residentMib = (): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;

t.test('what is used no more is given back to the kernel', async (t) => {
  const before = residentMib();
  // On V8's heap, and by malloc in pieces that it does not map one by one.
  let used: unknown[] | undefined = Array.from({ length: 20_000 }, (_, index) => [
    Array.from({ length: 500 }, () => index),
    Buffer.alloc(2000, index),
  ]);
  const full = residentMib();
  t.ok(full - before > 60, `${before} MiB, then ${full}`);
  t.equal(used.length, 20_000);
  used = undefined;
  giveMemoryBack();
  const after = residentMib();
  t.ok(full - after > (full - before) / 2, `${before} MiB, then ${full}, then ${after}`);
  giveMemoryBack();
  t.ok(residentMib() < full, 'and again');
});
