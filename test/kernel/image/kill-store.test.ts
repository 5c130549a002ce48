/** The runtime killed while it loads, imports, commits, saves, removes and pushes. */
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { FakeRegistry, sha256 } from '../../unit/image/registry/fake-registry.ts';
import { withoutRoot } from '../skip.ts';
import { makeLayer, openTestStore } from './image-store.ts';

const script = fileURLToPath(new URL('store-process.ts', import.meta.url));
const options = { skip: withoutRoot, timeout: 280_000 };
const rounds = 5;

t.setTimeout(280_000);

const folder = mkdtempSync(join(tmpdir(), 'keelson-kill-store-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const stateFolder = join(folder, 'state');
const rootArchive = join(folder, 'root.tar');
const savedArchive = join(folder, 'saved.tar');
writeFileSync(rootArchive, makeLayer({ big: randomBytes(4_000_000), 'etc/name': 'imported' }));

interface Case {
  readonly operation: string;
  readonly file: string;
  /** The image that is there when it has been done; by another try at the latest. */
  readonly name: string;
}

const cases: readonly Case[] = [
  { operation: 'load', file: savedArchive, name: 'base:1' },
  { operation: 'import', file: rootArchive, name: 'imported:1' },
  { operation: 'commit', file: '', name: 'committed:1' },
  { operation: 'save', file: join(folder, 'again.tar'), name: 'base:1' },
];

t.test('an image, an archive of it, and a container with files of its own', options, async (t) => {
  await using store = await openTestStore({ stateFolder });
  await store.images.import(rootArchive, { name: 'base:1' });
  await store.images.save(['base:1'], { path: savedArchive, format: 'oci' });
  const { id } = await store.images.import(rootArchive, { name: 'base:1' });
  const { upper } = await store.images.createSnapshot(id, 'box');
  writeFileSync(join(upper, 'own'), randomBytes(3_000_000));
  t.ok(id);
});

for (const { operation, file, name } of cases) {
  t.test(`killed at any instant of ${operation}, nothing half stays`, options, async (t) => {
    const whole = await durationOf([operation, stateFolder, file]);
    const ends = new Set<string>();
    for (let round = 0; round < rounds; round += 1) {
      if (operation !== 'save') await forget(name);
      ends.add(await killAfter([operation, stateFolder, file], (whole * (round + 0.5)) / rounds));
      await forget('nothing:1');
      t.same(namesIn('tmp'), [], 'the next start removes what was under way');
      checkWhole(t);
    }
    t.comment(`killed when it had said: ${[...ends].join(', ')}`);
    t.equal(await killAfter([operation, stateFolder, file], 100_000), 'done', 'another try works');
    await using store = await openTestStore({ stateFolder });
    t.ok(store.images.find(name));
    if (operation === 'load') return;
    const { id } = store.images.find(name) ?? (await store.images.pull(name));
    const box = await store.images.createSnapshot(id, 'look');
    const lowest = box.layers.at(-1) ?? '';
    t.equal(readFileSync(join(lowest, 'etc/name'), 'utf8'), 'imported');
    await store.images.releaseSnapshot('look');
  });
}

t.test('killed at any instant of remove, the image is whole or gone', options, async (t) => {
  const whole = await withBase(() => durationOf(['remove', stateFolder, '']));
  for (let round = 0; round < rounds; round += 1) {
    await withBase(() => killAfter(['remove', stateFolder, ''], (whole * (round + 0.5)) / rounds));
    await using store = await openTestStore({ stateFolder });
    t.same(namesIn('tmp'), []);
    checkWhole(t);
    const image = store.images.find('base:1');
    if (image === undefined) continue;
    const { layers } = await store.images.createSnapshot(image.id, 'look');
    t.equal(readFileSync(join(layers.at(-1) ?? '', 'etc/name'), 'utf8'), 'imported');
    await store.images.releaseSnapshot('look');
  }
  t.equal(await withBase(() => killAfter(['remove', stateFolder, ''], 100_000)), 'done');
  await using store = await openTestStore({ stateFolder });
  t.equal(store.images.find('base:1'), undefined);
});

t.test('killed at any instant of push, the next one completes it', options, async (t) => {
  await using registry = await FakeRegistry.start();
  const taken = new Map<string, Buffer>();
  registry.intercept = (request, response) => takePush(taken, { request, response });
  const name = `${registry.host}/app:1`;
  await withBase(async () => {
    await using store = await openTestStore({ stateFolder });
    await store.images.tag('base:1', name);
  });
  const args = ['push', stateFolder, name];
  const whole = await durationOf(args);
  for (let round = 0; round < rounds; round += 1) {
    taken.clear();
    await killAfter(args, (whole * (round + 0.5)) / rounds);
    const manifest = taken.get('1');
    if (manifest !== undefined) t.ok(blobsOf(manifest).every((digest) => taken.has(digest)));
    await forget('nothing:1');
    t.same(namesIn('tmp'), []);
    checkWhole(t);
  }
  t.equal(await killAfter(args, 100_000), 'done', 'another try works');
  const digests = blobsOf(taken.get('1') ?? Buffer.from('{}'));
  t.equal(digests.length, 2);
  for (const digest of digests) t.equal(sha256(taken.get(digest) ?? Buffer.of()), digest);
  await forget(name);
});

t.test('and after all is removed, nothing is left', options, async (t) => {
  await using store = await openTestStore({ stateFolder });
  await store.images.releaseSnapshot('box');
  await store.images.prune({ all: true });
  const left = ['layers', 'blobs', 'images', 'references', 'tmp', 'snapshots'].flatMap((name) =>
    namesIn(name),
  );
  t.same(left, []);
});

/** With the image `base:1` in the folder when the work begins. */
async function withBase<T>(work: () => Promise<T>): Promise<T> {
  {
    await using store = await openTestStore({ stateFolder });
    if (store.images.find('base:1') === undefined) await store.images.load(savedArchive);
  }
  return await work();
}

/** A registry that takes what is pushed, blobs by their digest and manifests by their tag. */
function takePush(
  taken: Map<string, Buffer>,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): boolean {
  const { method, url = '' } = request;
  const parsed = new URL(url, 'http://registry');
  const name = parsed.searchParams.get('digest') ?? parsed.pathname.split('/').at(-1) ?? '';
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    // An upload is at a place of its own: its bytes come there, its name with the end.
    const bytes = Buffer.concat([taken.get(parsed.pathname) ?? Buffer.of(), ...chunks]);
    if (method === 'PATCH') taken.set(parsed.pathname, bytes);
    if (method === 'PUT') taken.set(name, bytes);
    const missing = method === 'HEAD' && !taken.has(name);
    const status = missing
      ? 404
      : ['POST', 'PATCH'].includes(method ?? '')
        ? 202
        : method === 'PUT'
          ? 201
          : 200;
    response.writeHead(status, status === 202 ? { location: placeOf(parsed) } : {});
    response.end();
  });
  return true;
}

function placeOf({ pathname }: URL): string {
  return pathname.endsWith('/uploads/') ? `${pathname}${randomUUID()}` : pathname;
}

function blobsOf(manifest: Buffer): string[] {
  const { config, layers } = JSON.parse(manifest.toString()) as {
    config?: { digest: string };
    layers?: { digest: string }[];
  };
  return [config, ...(layers ?? [])].flatMap((blob) => (blob === undefined ? [] : [blob.digest]));
}

/** Every record can be read, and what it names is there. */
function checkWhole(t: { ok(value: unknown, name: string): void }): void {
  for (const layer of namesIn('layers')) {
    const record = JSON.parse(
      readFileSync(join(stateFolder, 'layers', layer, 'layer.json'), 'utf8'),
    ) as object;
    t.ok(record, `layer ${layer.slice(0, 12)} has its record`);
  }
  for (const place of ['images', 'references']) {
    t.ok(
      namesIn(place).every((file) => file.endsWith('.json')),
      `${place} are whole`,
    );
  }
}

function namesIn(place: string): string[] {
  return readdirSync(join(stateFolder, place));
}

/** Opens the folder as the next runtime does, and takes the name away. */
async function forget(name: string): Promise<void> {
  await using store = await openTestStore({ stateFolder });
  if (store.images.find(name) !== undefined) await store.images.remove(name, { force: true });
}

/** How long it takes when nobody kills it. */
async function durationOf(args: readonly string[]): Promise<number> {
  let openedAt = 0;
  const ended = await follow(args, (word) => {
    if (word === 'open') openedAt = performance.now();
  });
  return ended.at - openedAt;
}

/** Kills it so long after it has opened the folder; the last word that it said. */
async function killAfter(args: readonly string[], milliseconds: number): Promise<string> {
  const { last } = await follow(args, (word, kill) => {
    if (word === 'open') void delay(milliseconds, undefined, { ref: false }).then(kill);
  });
  return last;
}

function follow(
  args: readonly string[],
  onWord: (word: string, kill: () => void) => void,
): Promise<{ last: string; at: number }> {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let [last, at] = ['nothing', 0];
  child.stdout.on('data', (bytes: Buffer) => {
    for (const word of bytes.toString().trim().split('\n')) {
      [last, at] = [word, performance.now()];
      onWord(word, () => child.kill('SIGKILL'));
    }
  });
  return new Promise((resolve) => child.on('exit', () => resolve({ last, at })));
}
