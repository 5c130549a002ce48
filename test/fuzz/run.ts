/**
 * npm run fuzz -- NAME [--minutes N] [--seed N]: feeds a parser damaged input, led by which of our
 * lines it reaches. `--list` names the parsers, `all` takes them in turn. What is found is kept in
 * test/fixtures/fuzz/NAME, which test/unit/fuzz.test.ts replays on every run. Ends with 1 then.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { keepCase, targetNames } from './corpus.ts';
import { sharedBytes, type FuzzReport } from './worker.ts';

/** An input takes microseconds: after so long it is a hang. */
const hangMs = 10_000;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    list: { type: 'boolean', default: false },
  },
});
const [word = ''] = positionals;
const known = targetNames();
if (values.list) console.log(known.join('\n'));
else if (word !== 'all' && !known.includes(word)) {
  console.error(`fuzz: "${word}" is none of all, ${known.join(', ')}`);
  process.exitCode = 64;
} else {
  for (const name of word === 'all' ? known : [word]) {
    // oxlint-disable-next-line no-await-in-loop: one after the other
    if (!(await fuzz(name))) process.exitCode = 1;
  }
}

async function fuzz(name: string): Promise<boolean> {
  const shared = new SharedArrayBuffer(sharedBytes);
  const order = { name, seed: Number(values.seed), shared };
  const milliseconds = Number(values.minutes) * 60_000;
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: { ...order, milliseconds },
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  const { promise, resolve } = Promise.withResolvers<FuzzReport | string>();
  worker.once('message', resolve);
  worker.once('error', (error) => resolve(String(error)));
  const watch = watchHang(shared, () => resolve(`hangs for ${hangMs} ms`));
  const report = await promise;
  clearInterval(watch);
  await worker.terminate();
  if (typeof report === 'string') {
    console.log(`${name}: ${report}: ${keepCase(name, currentInput(shared))} (seed ${order.seed})`);
    return false;
  }
  const { runs, corpus, coveredBytes, findings } = report;
  console.log(
    `${name}: ${runs} runs in ${values.minutes} min, corpus ${corpus}, ` +
      `${coveredBytes} bytes of source reached, ${findings.length} findings (seed ${order.seed})`,
  );
  for (const { what, path } of findings) console.log(`  ${path}\n    ${what}`);
  return findings.length === 0;
}

function watchHang(shared: SharedArrayBuffer, onHang: () => void): NodeJS.Timeout {
  const state = new Uint32Array(shared, 0, 2);
  let before = 0;
  return setInterval(() => {
    const now = Atomics.load(state, 0);
    if (now === before && now > 0) onHang();
    before = now;
  }, hangMs);
}

function currentInput(shared: SharedArrayBuffer): Buffer {
  const length = new Uint32Array(shared, 0, 2)[1] ?? 0;
  return Buffer.from(new Uint8Array(shared, 8, length));
}
