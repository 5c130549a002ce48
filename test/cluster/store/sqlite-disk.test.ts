/** The embedded store and its disk. */
import { spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedStore } from '../../../src/store/open.ts';
import { bytes, openedFor, refusal, sleep, temporaryFolder } from '../../unit/store/opening.ts';
import { mountTmpfs } from './faults.ts';

t.setTimeout(110_000);

t.test(
  'heartbeats do not reach the disk at once, but within ten seconds and in one go',
  async (t) => {
    const folder = await temporaryFolder(t);
    const store = await openedFor(t, () => openEmbeddedStore(join(folder, 'store.db')));
    const revisions = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        store.create(`/registry/leases/l/${index}`, bytes('0')),
      ),
    );
    const writtenBytes = async (): Promise<number> =>
      (await stat(join(folder, 'store.db-wal'))).size;
    const sizes = new Set<number>([await writtenBytes()]);
    const endMs = Date.now() + 11_000;
    while (Date.now() < endMs) {
      for (const [index, expected] of revisions.entries()) {
        const key = `/registry/leases/l/${index}`;
        revisions[index] = await store.update(key, bytes('1'), { expected, volatile: true });
      }
      await sleep(200);
      sizes.add(await writtenBytes());
    }
    t.ok(sizes.size >= 2 && sizes.size <= 3, `the log had ${sizes.size} sizes`);
  },
);

t.test('a disk that is read-only is named as such', async (t) => {
  const folder = await temporaryFolder(t);
  await using disk = mountTmpfs(folder, 16);
  if (disk === undefined) return t.comment('skipped: this user may not mount');
  const path = join(folder, 'store.db');
  const store = await openEmbeddedStore(path);
  await store.create('/a/b', bytes('x'));
  await store[Symbol.asyncDispose]();
  spawnSync('mount', ['-o', 'remount,ro', folder]);
  const error = await refusal(openEmbeddedStore(path));
  t.match(error, { kind: 'unavailable', message: `Store "${path}" is read-only` });
  t.notMatch(String(error), /\n/);
});

t.test('a full disk refuses writes, loses nothing, and is no end', async (t) => {
  const folder = await temporaryFolder(t);
  await using disk = mountTmpfs(folder, 16);
  if (disk === undefined) return t.comment('skipped: this user may not mount');
  const store = await openEmbeddedStore(join(folder, 'store.db'));
  let written = 0;
  const filling = async (): Promise<void> => {
    for (; written < 100; written++) {
      await store.create(`/a/${written}`, new Uint8Array(500_000));
    }
  };
  t.match(await refusal(filling()), {
    kind: 'unavailable',
    message: /store.db" cannot grow: the disk is full/,
  });
  t.equal(await store.count('/a/'), written);
  const after = store.revision;
  spawnSync('mount', ['-o', 'remount,size=64m', folder]);
  const next = await store.create('/a/after', bytes('x'));
  t.equal(next, after + 1);
  await store.delete('/a/0');
  t.equal(await store.count('/a/'), written);
  await store[Symbol.asyncDispose]();
});
