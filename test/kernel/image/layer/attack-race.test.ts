/** Somebody with the power to swap folders in the layer while it is unpacked (CVE-2025-47290). */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { isDomainError } from '../../../../src/base/error.ts';
import { EntryBounds } from '../../../../src/image/layer/entry-bounds.ts';
import { TarReader } from '../../../../src/image/layer/tar-reader.ts';
import { TreeWriter } from '../../../../src/image/layer/tree-writer.ts';
import { currentFolder, OpenFlag, openat2 } from '../../../../src/kernel/open.ts';
import { archive, entry } from '../../../unit/image/layer/tar-block.ts';
import { withoutRoot } from '../../skip.ts';
import { openBench } from './unpack-bytes.ts';

// Slow disks and busy machines are no failures.
t.setTimeout(300_000);

const files = 2000;
const parts = Array.from({ length: files }, (_, index) =>
  Buffer.concat([
    entry({ name: 'd/e', type: '5' }),
    entry({ name: `d/e/f${index}` }, 'x'),
    // A removal, so that paths are walked anew all the time.
    entry({ name: 'gone', type: '2', linkName: `${index}` }),
    entry({ name: 'gone', type: '2', linkName: 'x' }),
  ]),
);
const blob = archive(...parts);

/** Swaps `d` for a link out of the layer and back, without a pause, until told to end. */
async function swapping(t: Tap, { folder, outside }: Place, act: () => Promise<void> | void) {
  mkdirSync(join(folder, 'd/e'), { recursive: true });
  symlinkSync(outside, join(folder, '../trap'));
  const swapped = new SharedArrayBuffer(8);
  const worker = new Worker(new URL('./swap-thread.ts', import.meta.url), {
    workerData: { swapped, from: join(folder, 'd'), to: join(folder, '../trap') },
  });
  await new Promise((resolve) => worker.once('message', resolve));
  const counts = new Int32Array(swapped);
  try {
    await act();
  } finally {
    Atomics.store(counts, 1, 1);
    await new Promise((resolve) => worker.once('exit', resolve));
  }
  t.ok((counts[0] ?? 0) > 10, `${counts[0]} swaps`);
}

/** The archive's own folder may just be a link: then it is refused, which is well. */
async function ignoringRefusal(unpacked: Promise<unknown>): Promise<void> {
  try {
    await unpacked;
  } catch (error) {
    if (!isDomainError(error, 'invalid')) throw error;
  }
}

interface Place {
  readonly folder: string;
  readonly outside: string;
}

interface Tap {
  ok(value: boolean, name: string): void;
}

t.test('confined threads write nothing outside', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  for (let round = 0; round < 5; round += 1) {
    const folder = bench.makeFolder();
    const outside = mkdtempSync(join(tmpdir(), 'keelson-outside-'));
    t.teardown(() => rmSync(outside, { recursive: true }));
    mkdirSync(join(outside, 'e'));
    await swapping(t, { folder, outside }, async () => {
      for (let tries = 0; tries < 20; tries += 1) await ignoringRefusal(bench.unpack(folder, blob));
    });
    t.same(readdirSync(join(outside, 'e')), []);
  }
});

t.test('descriptors alone keep everything inside too', { skip: withoutRoot }, async (t) => {
  let [written, refused] = [0, 0];
  for (let round = 0; round < 5; round += 1) {
    const base = mkdtempSync(join(tmpdir(), 'keelson-race-'));
    t.teardown(() => rmSync(base, { recursive: true }));
    const [folder, outside] = [join(base, 'rootfs'), join(base, 'outside')];
    mkdirSync(folder);
    mkdirSync(join(outside, 'e'), { recursive: true });
    await swapping(t, { folder, outside }, () => {
      using root = openat2(currentFolder, folder, { flags: OpenFlag.directory });
      const bounds = new EntryBounds();
      const options = { root: root.fd, bounds, lowest: false, refuseDevices: false };
      // A new writer and reader each time: what was refused must not end the race.
      for (let index = 0; index < files; index += 1) {
        using tree = new TreeWriter(options);
        try {
          new TarReader(tree).write(parts[index % parts.length] ?? blob);
          written += 1;
        } catch (error) {
          if (!isDomainError(error, 'invalid')) throw error;
          refused += 1;
        }
      }
    });
    t.same(readdirSync(join(outside, 'e')), []);
  }
  t.ok(written > 100 && refused > 100, `${written} written, ${refused} refused`);
});
