import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import t from 'tap';
import { mediaTypes } from '../../../src/image/media-type.ts';
import type { LayerProgress } from '../../../src/image/image-service.ts';
import { FakeRegistry, sha256 } from '../../unit/image/registry/fake-registry.ts';
import { withoutRoot } from '../skip.ts';
import { makeLayer, openTestStore } from './image-store.ts';

const options = { skip: withoutRoot };
const base = makeLayer({ 'etc/name': 'base', 'bin/tool': randomBytes(300_000) });
const top = makeLayer({ 'etc/name': 'top', 'data/file': randomBytes(2_000_000) });

t.test('a pulled image has its layers unpacked and its records written', options, async (t) => {
  await using registry = await FakeRegistry.start();
  await using store = await openTestStore();
  const added = registry.addImage('1', [base, top], { config: { Cmd: ['sh'], User: '5' } });
  const image = await store.images.pull(`${registry.host}/team/app:1`);
  t.equal(image.id, added.id);
  t.same(image.repoTags, [`${registry.host}/team/app:1`]);
  t.same(image.repoDigests, [`${registry.host}/team/app@${added.digest}`]);
  t.same(image.config.cmd, ['sh']);
  t.ok(image.sizeBytes > 2_300_000 && image.sizeBytes < 2_400_000, String(image.sizeBytes));
  const snapshot = await store.images.createSnapshot(image.id, 'box');
  t.equal(readFileSync(join(snapshot.layers[0] ?? '', 'etc/name'), 'utf8'), 'top');
  t.equal(readFileSync(join(snapshot.layers[1] ?? '', 'etc/name'), 'utf8'), 'base');
  t.same(store.names('tmp'), []);
  await store.reopen();
  t.same(store.images.list(), [image]);
  t.same(store.images.findSnapshot('box'), snapshot);
});

t.test('gzip, zstd and plain layers may stand in one image', options, async (t) => {
  await using registry = await FakeRegistry.start();
  await using store = await openTestStore();
  const third = makeLayer({ third: '3' });
  const layers = [
    { mediaType: `${mediaTypes.ociLayer}+gzip`, ...registry.addBlob(gzipSync(base)) },
    { mediaType: `${mediaTypes.dockerLayer}.zstd`, ...registry.addBlob(zstdCompressSync(top)) },
    { mediaType: mediaTypes.ociLayer, ...registry.addBlob(third) },
  ];
  addManifest(registry, layers, [base, top, third].map(sha256));
  const image = await store.images.pull(`${registry.host}/app:mixed`);
  t.equal(image.diffIds.length, 3);
  const snapshot = await store.images.createSnapshot(image.id, 'box');
  t.equal(readFileSync(join(snapshot.layers[0] ?? '', 'third'), 'utf8'), '3');
});

t.test(
  'equal pulls at once are one pull, and layers are shared between images',
  options,
  async (t) => {
    await using registry = await FakeRegistry.start();
    await using store = await openTestStore();
    registry.addImage('1', [base, top]);
    registry.addImage('2', [base, makeLayer({ other: 'x' })]);
    const name = (tag: string): string => `${registry.host}/app:${tag}`;
    const pulls = Array.from({ length: 20 }, () => store.images.pull(name('1')));
    await Promise.all([...pulls, store.images.pull(name('2')), store.images.pull(name('2'))]);
    t.equal(registry.requestsFor('/manifests/1'), 1);
    t.equal(registry.requestsFor(sha256(base)), 1);
    t.equal(registry.requestsFor(sha256(top)), 1);
    const before = registry.requestsFor('/blobs/');
    await store.images.pull(name('1'));
    t.equal(registry.requestsFor('/blobs/'), before);
    t.equal(registry.requests.at(-1)?.method, 'HEAD', 'what has not changed is only asked about');
  },
);

t.test('a pull goes on while one of those who wait for it stays', options, async (t) => {
  await using registry = await FakeRegistry.start();
  await using store = await openTestStore();
  registry.addImage('1', [base, top]);
  let go = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  registry.intercept = (request, response) => {
    if (!request.url?.endsWith(sha256(top))) return false;
    request.socket.on('close', () => closed.resolve());
    response.writeHead(200, { 'content-length': top.length });
    response.write(top.subarray(0, 100_000));
    void go.promise.then(() => response.end(top.subarray(100_000)));
    return true;
  };
  const name = `${registry.host}/app:1`;
  const first = new AbortController();
  const progress: LayerProgress[] = [];
  const leaving = store.images.pull(name, { signal: first.signal });
  const staying = store.images.pull(name, { onProgress: (step) => progress.push(step) });
  setTimeout(() => first.abort(new Error('left')), 100);
  await t.rejects(leaving, /left/);
  go.resolve();
  t.equal((await staying).diffIds.length, 2);
  t.equal(progress.filter(({ step }) => step === 'done').length, 2);

  await store.images.remove(name);
  go = Promise.withResolvers();
  const last = new AbortController();
  const alone = store.images.pull(name, { signal: last.signal });
  setTimeout(() => last.abort(new Error('left')), 100);
  await t.rejects(alone, /left/);
  t.same(store.names('tmp'), [], 'nothing half is left');
  t.same(store.images.list(), []);
});

t.test('closing ends a pull under way and leaves nothing half', options, async (t) => {
  await using registry = await FakeRegistry.start();
  await using store = await openTestStore();
  registry.addImage('1', [base, top]);
  const begun = Promise.withResolvers<void>();
  registry.intercept = (request, response) => {
    if (!request.url?.endsWith(sha256(top))) return false;
    response.writeHead(200, { 'content-length': top.length });
    response.write(top.subarray(0, 100_000), () => begun.resolve());
    return true;
  };
  const refused = t.rejects(store.images.pull(`${registry.host}/app:1`), /being closed/);
  await begun.promise;
  await store.images.close();
  await refused;
  t.same(store.names('tmp'), []);
  await store.reopen();
});

t.test('layers whose bytes are not what was promised leave nothing', options, async (t) => {
  const attacks: Record<string, (registry: FakeRegistry) => void> = {
    'another diff id': (registry) => {
      const layer = { mediaType: mediaTypes.ociLayer, ...registry.addBlob(top) };
      addManifest(registry, [layer], [sha256(base)]);
    },
    'another digest': (registry) => {
      const layer = { mediaType: mediaTypes.ociLayer, ...registry.addBlob(top) };
      addManifest(registry, [layer], [sha256(top)]);
      registry.blobs.set(layer.digest, Buffer.concat([top.subarray(0, -1), Buffer.from('x')]));
    },
    'a broken archive': (registry) => {
      const half = gzipSync(top).subarray(0, 50_000);
      const layer = { mediaType: `${mediaTypes.ociLayer}+gzip`, ...registry.addBlob(half) };
      addManifest(registry, [layer], [sha256(top)]);
    },
    'fewer layers than diff ids': (registry) => {
      addManifest(registry, [], [sha256(top)]);
    },
    'a layer that is not there': (registry) => {
      const layer = { mediaType: mediaTypes.ociLayer, digest: sha256(top), size: top.length };
      addManifest(registry, [layer], [sha256(top)]);
    },
  };
  for (const [name, attack] of Object.entries(attacks)) {
    await using registry = await FakeRegistry.start();
    await using store = await openTestStore();
    attack(registry);
    await t.rejects(store.images.pull(`${registry.host}/app:mixed`), { name: 'DomainError' }, name);
    t.same(
      ['tmp', 'layers', 'images', 'references'].flatMap((folder) => store.names(folder)),
      [],
      name,
    );
  }
});

t.test(
  'one bad layer stops the others, and a retry takes up what was finished',
  options,
  async (t) => {
    await using registry = await FakeRegistry.start();
    await using store = await openTestStore();
    registry.addImage('1', [base, top]);
    const finished = Promise.withResolvers<void>();
    registry.intercept = (request, response) => {
      if (!request.url?.endsWith(sha256(top))) return false;
      void finished.promise.then(() => response.end(randomBytes(top.length)));
      return true;
    };
    const onProgress = ({ digest, step }: LayerProgress): void => {
      if (digest === sha256(base) && step === 'done') finished.resolve();
    };
    await t.rejects(
      store.images.pull(`${registry.host}/app:1`, { onProgress }),
      /Layer sha256:.* is not valid/,
    );
    registry.intercept = () => false;
    await store.images.pull(`${registry.host}/app:1`);
    t.equal(registry.requestsFor(sha256(base)), 1);
  },
);

t.test('a tag moves in one step, and the old image stays without it', options, async (t) => {
  await using registry = await FakeRegistry.start();
  await using store = await openTestStore();
  const name = `${registry.host}/app:latest`;
  registry.addImage('latest', [base]);
  const old = await store.images.pull(name);
  registry.addImage('latest', [base, top]);
  const moved = await store.images.pull(name);
  t.equal(store.images.find(name)?.id, moved.id);
  t.same(store.images.find(old.id)?.repoTags, []);
  const { removed, freedBytes } = await store.images.prune();
  t.same(removed, [old.id]);
  t.ok(freedBytes < 10_000, 'the layer is shared');
});

t.test(
  'a layer that a power loss may have left without its bytes is pulled anew',
  options,
  async (t) => {
    await using registry = await FakeRegistry.start();
    await using store = await openTestStore();
    registry.addImage('1', [base, top]);
    await store.images.pull(`${registry.host}/app:1`);
    await store.images.close();
    const path = join(store.stateFolder, 'unsynced.json');
    writeFileSync(path, JSON.stringify({ boot: 'another', layers: [sha256(base)] }));
    const again = await openTestStore({ stateFolder: store.stateFolder });
    t.same(again.images.list(), []);
    t.match(again.logged.join(''), /not on the disk/);
    await again.images.pull(`${registry.host}/app:1`);
    t.equal(registry.requestsFor(sha256(base)), 2);
    t.equal(registry.requestsFor(sha256(top)), 1);
    await again.images.close();
  },
);

t.test('a state folder is for one process, and its content for root alone', options, async (t) => {
  await using store = await openTestStore();
  await t.rejects(openTestStore({ stateFolder: store.stateFolder }), /in use by another process/);
  t.equal(statSync(store.stateFolder).mode & 0o777, 0o700);
});

t.test('hundreds of layers are one image', options, async (t) => {
  await using registry = await FakeRegistry.start();
  await using store = await openTestStore();
  const layers = Array.from({ length: 300 }, (_, index) =>
    makeLayer({ [`file-${index}`]: String(index) }),
  );
  registry.addImage('1', layers);
  const image = await store.images.pull(`${registry.host}/app:1`);
  const snapshot = await store.images.createSnapshot(image.id, 'box');
  t.equal(snapshot.layers.length, 300);
  t.equal(readFileSync(join(snapshot.layers[0] ?? '', 'file-299'), 'utf8'), '299');
});

function addManifest(registry: FakeRegistry, layers: object[], diffIds: string[]): void {
  const rootfs = { type: 'layers', diff_ids: diffIds };
  const document = { architecture: 'amd64', os: 'linux', rootfs };
  const config = registry.addBlob(Buffer.from(JSON.stringify(document)));
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, ...config },
    layers,
  };
  registry.addManifest('mixed', manifest, mediaTypes.ociManifest);
}

t.test('a layer that hides all beneath is the lowest of the mount', options, async (t) => {
  await using registry = await FakeRegistry.start();
  const hiding = makeLayer({ '.wh..wh..opq': '', new: 'x' });
  registry.addImage('1', [makeLayer({ old: 'x' }), hiding, makeLayer({ top: 'x' })]);
  await using store = await openTestStore();
  const image = await store.images.pull(`${registry.host}/app:1`);
  const { layers } = await store.images.createSnapshot(image.id, 'box');
  t.equal(layers.length, 2);
  t.same(readdirSync(layers[1] ?? ''), ['new']);
  await store.reopen();
  t.equal(store.images.findSnapshot('box')?.layers.length, 2);
  const again = await store.images.createSnapshot(image.id, 'again');
  t.equal(again.layers.length, 2, 'and so it is known after a restart');
});
