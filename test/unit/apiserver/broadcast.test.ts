import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { findKind } from '../../../src/api/kinds.ts';
import { Broadcasts, type Left, type Listener } from '../../../src/apiserver/broadcast.ts';
import { encodeObject } from '../../../src/apiserver/object-text.ts';
import { Pace } from '../../../src/apiserver/pace.ts';
import { WatchChunks } from '../../../src/apiserver/watch-chunks.ts';
import { openEmbeddedStore } from '../../../src/store/open.ts';
import type { Store } from '../../../src/store/store.ts';
import { until } from '../../until.ts';

const found = findKind('v1', 'ConfigMap');
if (found === undefined) throw new Error('no ConfigMap');
const kind = found;
const prefix = '/registry/configmaps/default/';

/** A client that notes which objects it was told of. */
class Ear implements Listener {
  readonly bookmarks = false;
  readonly heard: string[] = [];
  /** Refuses more once it was told so many. */
  most = Number.POSITIVE_INFINITY;

  write(chunk: Buffer): boolean {
    for (const [, name = ''] of chunk.toString().matchAll(/"name":"([^"]+)"/g)) {
      this.heard.push(name);
    }
    return this.heard.length < this.most;
  }
}

class Rig {
  readonly store: Store;
  readonly broadcasts: Broadcasts;
  readonly pace = new Pace();
  readonly ending = new AbortController();

  constructor(store: Store) {
    this.store = store;
    this.broadcasts = new Broadcasts(store, new WatchChunks());
  }

  static async start(t: Test): Promise<Rig> {
    const folder = mkdtempSync(join(tmpdir(), 'keelson-broadcast-'));
    const store = await openEmbeddedStore(join(folder, 'store.db'));
    const rig = new Rig(store);
    t.teardown(async () => {
      rig.ending.abort();
      await store[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });
    return rig;
  }

  async create(name: string): Promise<number> {
    const object = { metadata: { name, namespace: 'default' } };
    return await this.store.create(prefix + name, encodeObject(kind, object));
  }

  /** All in one group. */
  join(ear: Ear, after: number, signal = this.ending.signal): Promise<Left> | undefined {
    const pace = { ...this.pace.join(), slot: 0 };
    return this.broadcasts.join({ kind, prefix }, ear, { after, pace, signal });
  }
}

t.test('who joins late is told what he missed, once and in order', async (t) => {
  const rig = await Rig.start(t);
  const before = await rig.create('a');
  const [first, second, third] = [new Ear(), new Ear(), new Ear()];
  void rig.join(first, before);
  const revision = await rig.create('b');
  await until(() => first.heard.length === 1);
  void rig.join(second, before);
  void rig.join(third, revision);
  await rig.create('c');
  await rig.create('d');
  await until(() => [first, second, third].every(({ heard }) => heard.at(-1) === 'd'));
  t.same(first.heard, ['b', 'c', 'd']);
  t.same(second.heard, ['b', 'c', 'd']);
  t.same(third.heard, ['c', 'd']);
});

t.test('who knows more than was told yet is told only the rest', async (t) => {
  const rig = await Rig.start(t);
  const before = await rig.create('a');
  const [first, ahead] = [new Ear(), new Ear()];
  void rig.join(first, before);
  void rig.join(ahead, await rig.create('b'));
  await rig.create('c');
  await until(() => ahead.heard.length > 0 && first.heard.at(-1) === 'c');
  t.same(ahead.heard, ['c']);
});

t.test('who takes no more leaves, knows how far he came, and comes back', async (t) => {
  const rig = await Rig.start(t);
  const before = await rig.create('a');
  const [steady, slow] = [new Ear(), new Ear()];
  slow.most = 1;
  void rig.join(steady, before);
  const leaving = rig.join(slow, before);
  const revision = await rig.create('b');
  t.same(await leaving, { revision, failed: false });
  await rig.create('c');
  await until(() => steady.heard.at(-1) === 'c');
  t.same(slow.heard, ['b'], 'it is told nothing while it is away');
  slow.most = Number.POSITIVE_INFINITY;
  void rig.join(slow, revision);
  t.same(slow.heard, ['b', 'c']);
});

t.test('a revision that is no longer remembered is left to a watch of its own', async (t) => {
  const rig = await Rig.start(t);
  const before = await rig.create('a');
  const ear = new Ear();
  void rig.join(ear, before);
  const names = Array.from({ length: 400 }, (_, at) => `n${at}`);
  await Promise.all(names.map((name) => rig.create(name)));
  await until(() => ear.heard.length === names.length);
  t.same(ear.heard.toSorted(), names.toSorted());
  t.equal(rig.join(new Ear(), before), undefined);
});

t.test('one that ends leaves the others, and the last one ends it', async (t) => {
  const rig = await Rig.start(t);
  const before = await rig.create('a');
  const [one, other] = [new Ear(), new Ear()];
  const [ends, endsToo] = [new AbortController(), new AbortController()];
  const leaving = rig.join(one, before, ends.signal);
  const last = rig.join(other, before, endsToo.signal);
  ends.abort();
  t.same(await leaving, { revision: before, failed: false });
  const revision = await rig.create('b');
  await until(() => other.heard.length === 1);
  endsToo.abort();
  t.same(await last, { revision, failed: false });
  t.same(one.heard, []);
  const next = new Ear();
  void rig.join(next, revision);
  await rig.create('c');
  await until(() => next.heard.length === 1);
  t.same(next.heard, ['c']);
});

t.test('a store that fails is told by a watch of its own', async (t) => {
  const rig = await Rig.start(t);
  const before = await rig.create('a');
  const leaving = rig.join(new Ear(), before);
  const revision = await rig.create('b');
  await rig.store[Symbol.asyncDispose]();
  const left = await leaving;
  t.equal(left?.failed, true);
  t.ok((left?.revision ?? revision + 1) <= revision, 'it is not ahead of what there was');
});
