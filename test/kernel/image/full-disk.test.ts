import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isDomainError, messageOf } from '../../../src/base/error.ts';
import { FakeRegistry } from '../../unit/image/registry/fake-registry.ts';
import { withoutRoot } from '../skip.ts';
import { makeLayer, openTestStore } from './image-store.ts';

const options = { skip: withoutRoot };

t.test('a full disk is one clear line, leaves nothing, and a retry works', options, async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', [makeLayer({ a: 'x' }), makeLayer({ b: randomBytes(12_000_000) })]);
  const stateFolder = mountTmpfs(t, 'size=16m');
  await using store = await openTestStore({ stateFolder });
  const error = await failureOf(store.images.pull(`${registry.host}/app:1`));
  t.ok(isDomainError(error, 'unavailable'), String(error));
  t.match(String(error), /No space left in ".*": its file system has [0-9]+ MiB free/);
  t.same(readdirSync(join(stateFolder, 'tmp')), []);
  t.same(store.images.list(), []);
  await store.images.prune();
  const { blocks, bfree, bsize } = statfsSync(stateFolder);
  t.ok((blocks - bfree) * bsize < 200_000, 'the space is free again');
  execFileSync('mount', ['-o', 'remount,size=64m', stateFolder]);
  t.equal((await store.images.pull(`${registry.host}/app:1`)).diffIds.length, 2);
});

t.test('no inodes left is told as that', options, async (t) => {
  await using registry = await FakeRegistry.start();
  const files = Array.from({ length: 300 }, (_, index) => [`file-${index}`, 'x'] as const);
  registry.addImage('1', [makeLayer(Object.fromEntries(files))]);
  const stateFolder = mountTmpfs(t, 'size=64m,nr_inodes=200');
  await using store = await openTestStore({ stateFolder });
  const error = await failureOf(store.images.pull(`${registry.host}/app:1`));
  t.match(String(error), /no inodes left/);
  t.same(readdirSync(join(stateFolder, 'tmp')), []);
});

t.test('a disk that fills up as records are written leaves no image', options, async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', [makeLayer({ a: randomBytes(100_000) })]);
  const stateFolder = mountTmpfs(t, 'size=1m,nr_inodes=100');
  await using store = await openTestStore({ stateFolder });
  const pulls = [];
  for (let room = 0; room < 60; room += 4) {
    const filler = join(stateFolder, 'filler');
    mkdirSync(filler);
    for (let count = 0; count < 90 - room; count++) {
      try {
        writeFileSync(join(filler, String(count)), '');
      } catch {
        break;
      }
    }
    const error = await failureOf(store.images.pull(`${registry.host}/app:1`));
    pulls.push(error === undefined);
    if (error !== undefined) t.same(store.images.list(), [], messageOf(error));
    t.same(readdirSync(join(stateFolder, 'tmp')), []);
    rmSync(filler, { recursive: true });
    await store.images.prune({ all: true });
  }
  t.ok(pulls.includes(false), 'some failed');
  t.ok(pulls.includes(true), 'some succeeded');
});

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function mountTmpfs(t: Test, mountOptions: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', mountOptions, 'keelson-test', folder]);
  t.teardown(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
