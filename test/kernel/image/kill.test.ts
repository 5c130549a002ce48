import { spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { chainIdsOf, hexOf } from '../../../src/image/digest.ts';
import { FakeRegistry, sha256 } from '../../unit/image/registry/fake-registry.ts';
import { withoutRoot } from '../skip.ts';
import { makeLayer, openTestStore } from './image-store.ts';

const script = fileURLToPath(new URL('pull-process.ts', import.meta.url));
const layers = Array.from({ length: 6 }, (_, index) =>
  makeLayer({ [`file-${index}`]: randomBytes(1_500_000), 'etc/last': String(index) }),
);

const options = { skip: withoutRoot, timeout: 300_000 };

t.test('killed at any instant of pull and remove, nothing half stays', options, async (t) => {
  await using registry = await FakeRegistry.start();
  registry.addImage('1', layers);
  const name = `${registry.host}/app:1`;
  const stateFolder = mkdtempSync(join(tmpdir(), 'keelson-kill-'));
  t.teardown(() => rmSync(stateFolder, { recursive: true, force: true }));
  const reached = new Set<string>();
  const rounds = 25;
  for (let round = 0; round < rounds; round++) {
    reached.add(await killAfter([stateFolder, name], randomInt(0, 500)));
    await using store = await openTestStore({ stateFolder });
    checkConsistent(t, stateFolder, store.images.list().length);
    const image = await store.images.pull(name);
    const snapshot = await store.images.createSnapshot(image.id, `box-${round}`);
    t.equal(readFileSync(join(snapshot.layers[0] ?? '', 'etc/last'), 'utf8'), '5');
    await store.images.releaseSnapshot(`box-${round}`);
    if (round % 3 === 0) await store.images.remove(name);
    if (round % 7 === 0) await store.images.prune({ all: true });
  }
  t.ok(reached.has('open'), `killed when: ${[...reached].join(', ')}`);
  await using store = await openTestStore({ stateFolder });
  await store.images.prune({ all: true });
  t.same(['layers', 'blobs', 'images', 'references', 'tmp'].flatMap(namesIn), []);

  function namesIn(folder: string): string[] {
    return readdirSync(join(stateFolder, folder));
  }
});

/** Runs the puller and kills it so long after it has opened the folder; tells how far it came. */
async function killAfter(args: readonly string[], milliseconds: number): Promise<string> {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = 'nothing';
  const opened = Promise.withResolvers<void>();
  const ended = new Promise((resolve) => child.on('exit', resolve));
  child.stdout.on('data', (chunk: Buffer) => {
    last = chunk.toString().trim().split('\n').at(-1) ?? last;
    opened.resolve();
  });
  await Promise.race([opened.promise, ended]);
  await Promise.race([delay(milliseconds), ended]);
  child.kill('SIGKILL');
  await ended;
  return last;
}

/** What the folder holds is whole: every layer has its record, every name its image. */
function checkConsistent(
  t: { ok(value: unknown, name: string): void },
  root: string,
  images: number,
): void {
  const chainIds = new Set(
    chainIdsOf(layers.map((layer) => sha256(layer) as `sha256:${string}`)).map(hexOf),
  );
  for (const layer of readdirSync(join(root, 'layers'))) {
    t.ok(chainIds.has(layer), `layer ${layer.slice(0, 12)} is one of the image's`);
    JSON.parse(readFileSync(join(root, 'layers', layer, 'layer.json'), 'utf8'));
  }
  for (const folder of ['images', 'references']) {
    const names = readdirSync(join(root, folder));
    t.ok(
      names.every((name) => name.endsWith('.json')),
      `${folder}: ${names.join(' ')}`,
    );
  }
  const references = readdirSync(join(root, 'references'));
  t.ok(images > 0 || references.length === 0, 'no name is without its image');
}
