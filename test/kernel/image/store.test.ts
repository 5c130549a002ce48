import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { isDomainError } from '../../../src/base/error.ts';
import type { Digest, Image } from '../../../src/image/image.ts';
import { withoutRoot } from '../skip.ts';
import { makeLayer, openTestStore, type TestStore } from './image-store.ts';

const options = { skip: withoutRoot };

t.test('images are found by all the names that people use', options, async (t) => {
  await using store = await openTestStore();
  const image = await importFile(store, { name: 'app:1' });
  await store.images.tag('app:1', 'localhost:5000/team/app');
  const hex = image.id.slice(7);
  const names = ['app:1', 'docker.io/library/app:1', 'localhost:5000/team/app:latest', image.id];
  for (const name of [
    ...names,
    hex,
    hex.slice(0, 12),
    hex.slice(0, 1),
    `sha256:${hex.slice(0, 9)}`,
  ]) {
    t.equal(store.images.find(name)?.id, image.id, name);
  }
  for (const name of ['app', 'app:2', '0000000000000', `sha256:${'0'.repeat(64)}`]) {
    t.equal(store.images.find(name), undefined, name);
  }
  t.throws(() => store.images.find('UPPER'), /not valid/);
});

t.test('an ambiguous beginning of ids is a conflict, a name is not', options, async (t) => {
  await using store = await openTestStore();
  const first = new Set<string>();
  let digit = '';
  for (let count = 0; digit === ''; count++) {
    const { id } = await importFile(store, { content: String(count) });
    digit = first.has(id.charAt(7)) ? id.charAt(7) : '';
    first.add(id.charAt(7));
  }
  t.throws(() => store.images.find(digit), /beginning of several/);
  const [image] = store.images.list();
  await store.images.tag(image?.id ?? '', digit);
  t.equal(store.images.find(digit)?.id, image?.id);
});

t.test('remove follows the rules that people know', options, async (t) => {
  await using store = await openTestStore();
  const { images } = store;
  const image = await importFile(store, { name: 'app:1' });
  await images.tag('app:1', 'app:2');
  await images.tag('app:1', 'other:1');

  t.same(await images.remove('app:1'), {
    untagged: ['docker.io/library/app:1'],
    deleted: [],
  });
  t.equal(images.find('app:2')?.id, image.id);
  await t.rejects(images.remove(image.id), /named in several repositories/);
  await images.createSnapshot(image.id, 'box');
  await images.remove('other:1');
  await t.rejects(images.remove('app:2'), /container "box" uses it; use force/);
  t.equal(images.find('app:2')?.id, image.id, 'refused as a whole');
  const removal = await images.remove(image.id, { force: true });
  t.same(removal.deleted, [image.id]);
  t.same(images.list(), []);
  const layer = images.findSnapshot('box')?.layers[0] ?? '';
  t.ok(existsSync(layer), 'the container keeps its layers');
  await images.releaseSnapshot('box');
  await images.prune();
  t.notOk(existsSync(layer));
  t.same(
    ['layers', 'blobs', 'tmp'].flatMap((folder) => store.names(folder)),
    [],
  );
  await t.rejects(images.remove('app:2'), /No such image: "app:2"/);
});

t.test(
  'remove with all takes every tag, as the CRI wants it, also many times at once',
  options,
  async (t) => {
    await using store = await openTestStore();
    await importFile(store, { name: 'app:1' });
    await store.images.tag('app:1', 'host.example/other:1');
    const removals = await Promise.allSettled(
      Array.from({ length: 5 }, () => store.images.remove('app:1', { all: true })),
    );
    t.equal(removals.filter(({ status }) => status === 'fulfilled').length, 1);
    t.same(store.images.list(), []);
  },
);

t.test('disk use is what du counts', options, async (t) => {
  await using store = await openTestStore();
  const { images } = store;
  const shared = await importFile(store, { name: 'base', content: randomBytes(3_000_000) });
  const { upper } = await images.createSnapshot(shared.id, 'box');
  writeFileSync(join(upper, 'own'), randomBytes(1_000_000));
  const derived = await images.commit('box', { name: 'derived' });
  const { images: uses, snapshots, reclaimableBytes } = await images.diskUse();
  const base = uses.find(({ id }) => id === shared.id);
  const top = uses.find(({ id }) => id === derived.id);
  t.equal(base?.sharedBytes, top?.sharedBytes);
  const total = (base?.sharedBytes ?? 0) + (base?.uniqueBytes ?? 0) + (top?.uniqueBytes ?? 0);
  const counted = du(store, 'layers') + du(store, 'blobs');
  t.equal((await images.diskUse()).totalBytes, total);
  t.ok(Math.abs(total - counted) / counted < 0.02, `${total} of ${counted}`);
  t.equal(snapshots[0]?.bytes, du(store, 'snapshots/box/upper'));
  t.ok(reclaimableBytes > 1_900_000 && reclaimableBytes < 2_100_000, `${reclaimableBytes}`);
  const { freedBytes } = await images.prune({ all: true });
  t.equal(freedBytes, reclaimableBytes);
});

t.test('a damaged record costs one image, is logged, and can be removed', options, async (t) => {
  await using store = await openTestStore();
  const damaged = await importFile(store, { name: 'damaged', content: 'a' });
  const intact = await importFile(store, { name: 'intact', content: 'b' });
  const path = join(store.stateFolder, 'images', `${damaged.id.slice(7)}.json`);
  for (const text of ['', '{', '[]', '{"id":7}', JSON.stringify({ id: intact.id })]) {
    writeFileSync(path, text);
    await store.reopen();
    t.same(
      store.images.list().map(({ id }) => id),
      [intact.id],
      text,
    );
    t.match(store.logged.join(''), /is damaged and passed over/);
  }
  t.equal(store.images.find('damaged'), undefined, 'its name leads nowhere');
  await store.images.remove(damaged.id);
  t.notOk(existsSync(path));
  await store.reopen();
  t.equal(store.images.list().length, 1);
});

t.test('rests of a killed process are gone after the next start', options, async (t) => {
  await using store = await openTestStore();
  await importFile(store, { name: 'app' });
  const put = (name: string): void => writeFileSync(join(store.stateFolder, name), 'half');
  put('unsynced.json.0123456789ab.new');
  put(`images/${'0'.repeat(64)}.json.0123456789ab.new`);
  put('references/x.json.0123456789ab.new');
  put('tmp/blob-1');
  mkdirSync(join(store.stateFolder, 'tmp/layer-1/fs/deep'), { recursive: true });
  mkdirSync(join(store.stateFolder, 'snapshots/ghost/upper'), { recursive: true });
  await store.reopen();
  await store.images.close();
  t.same(store.names('tmp'), []);
  t.same(store.names('snapshots'), []);
  t.equal(store.names('images').length, 1);
  t.equal(store.names('references').length, 1);
  t.notOk(store.names('.').some((name) => name.endsWith('.new')));
  await store.reopen();
});

t.test('what an interrupted pull left is kept for a day', options, async (t) => {
  await using store = await openTestStore();
  const image = await importFile(store, { name: 'app' });
  await store.images.close();
  const hex = image.id.slice(7);
  rmSync(join(store.stateFolder, 'images', `${hex}.json`));
  const again = await openTestStore({ stateFolder: store.stateFolder });
  t.equal(store.names('layers').length, 1, 'the next pull can go on with it');
  await again.images.close();
  const yesterday = Date.now() / 1000 - 25 * 3600;
  for (const folder of ['layers', 'blobs']) {
    for (const name of store.names(folder)) {
      utimesSync(join(store.stateFolder, folder, name), yesterday, yesterday);
    }
  }
  const later = await openTestStore({ stateFolder: store.stateFolder });
  await later.images.close();
  t.same(
    ['layers', 'blobs', 'tmp'].flatMap((folder) => store.names(folder)),
    [],
  );
  t.match(later.logged.join(''), /interrupted pulls had left/);
});

t.test('hundreds of images are there again in milliseconds', options, async (t) => {
  await using store = await openTestStore();
  const image = await importFile(store, { name: 'app' });
  await store.images.close();
  const record = join(store.stateFolder, 'images', `${image.id.slice(7)}.json`);
  const text = execFileSync('cat', [record], { encoding: 'utf8' });
  for (let count = 0; count < 500; count++) {
    const hex = count.toString(16).padStart(64, '0');
    const path = join(store.stateFolder, 'images', `${hex}.json`);
    writeFileSync(path, text.replace(image.id, `sha256:${hex}`));
  }
  const started = performance.now();
  const again = await openTestStore({ stateFolder: store.stateFolder });
  const tookMs = performance.now() - started;
  t.equal(again.images.list().length, 501);
  t.ok(tookMs < 10_000, `${tookMs} ms`);
  await again.images.close();
});

t.test('a snapshot is made once, has the mode of the image root, and goes', options, async (t) => {
  await using store = await openTestStore();
  const { images } = store;
  const image = await importFile(store, { name: 'app' });
  const layer = (await images.createSnapshot(image.id, 'first')).layers[0] ?? '';
  chownSync(layer, 7, 8);
  chmodSync(layer, 0o1750);
  const snapshot = await images.createSnapshot(image.id, 'box');
  const { mode, uid, gid } = statSync(snapshot.upper);
  t.same([mode & 0o7777, uid, gid], [0o1750, 7, 8]);
  t.same(images.findSnapshot('box'), snapshot);
  t.same([...images.listSnapshots()].toSorted(), ['box', 'first']);
  await t.rejects(images.createSnapshot(image.id, 'box'), /has a snapshot already/);
  const missing: Digest = `sha256:${'0'.repeat(64)}`;
  await t.rejects(images.createSnapshot(missing, 'other'), /No such image/);
  for (const id of ['', '.', '..', '../x', 'a/b', 'a\0b', '-a', 'a'.repeat(200)]) {
    const error = await failureOf(images.createSnapshot(image.id, id));
    t.ok(isDomainError(error, 'invalid'), id);
  }
  await images.releaseSnapshot('box');
  await images.releaseSnapshot('box');
  t.notOk(existsSync(snapshot.upper));
  t.equal(images.findSnapshot('box'), undefined);
});

t.test(
  'what a container leaves behind is removed without following its links',
  options,
  async (t) => {
    await using store = await openTestStore();
    const image = await importFile(store, { name: 'app' });
    const { upper } = await store.images.createSnapshot(image.id, 'box');
    const outside = join(store.stateFolder, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'kept'), 'x'.repeat(100_000));
    symlinkSync(outside, join(upper, 'link'));
    linkSync(join(outside, 'kept'), join(upper, 'one'));
    linkSync(join(outside, 'kept'), join(upper, 'two'));
    // Deeper than a path may be long, step by step.
    const nest = 'for (1..60) { mkdir "d" x 200; chdir "d" x 200 }';
    execFileSync('perl', ['-e', nest], { cwd: upper });
    const use = await store.images.snapshotUse('box');
    t.equal(use.inodes, 63, 'the root, a link, one file with two names, and 60 folders');
    await store.images.releaseSnapshot('box');
    t.same(store.names('snapshots'), [], 'gone at once, and its content soon');
    while (store.names('tmp').length > 0) await delay(10);
    t.same(readdirSync(outside), ['kept']);
  },
);

async function importFile(
  store: TestStore,
  { name, content = 'x' }: { name?: string; content?: string | Buffer },
): Promise<Image> {
  const path = join(store.stateFolder, 'import.tar');
  writeFileSync(path, makeLayer({ file: content }));
  return await store.images.import(path, name === undefined ? {} : { name });
}

function du(store: TestStore, folder: string): number {
  const path = join(store.stateFolder, folder);
  return Number(execFileSync('du', ['-s', '-B1', path], { encoding: 'utf8' }).split('\t')[0]);
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}
