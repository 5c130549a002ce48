import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const layerCount = 8;
const layerBytes = 128 * 1024 * 1024;
const run = promisify(execFile);

const compressions = {
  gzip: { command: 'gzip -6 -c', mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' },
  zstd: { command: 'zstd -3 -q -c', mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' },
} as const;

type Compression = keyof typeof compressions;

/**
 * Makes an image of files from /usr, each layer in a folder of its own, in both compressions, and
 * pushes it by skopeo. Returns the names to pull.
 */
export async function makeImage(
  folder: string,
  host: string,
): Promise<{ compression: Compression; name: string }[]> {
  mkdirSync(folder, { recursive: true });
  const tars = shareOut().map((files, index) => makeTar(folder, files, index));
  const names: { compression: Compression; name: string }[] = [];
  for (const compression of ['gzip', 'zstd'] as const) {
    const layout = join(folder, compression);
    await makeLayout(layout, tars, compression);
    const name = `${host}/bench/${compression}:latest`;
    await run('skopeo', [
      'copy',
      '--quiet',
      '--preserve-digests',
      '--dest-tls-verify=false',
      `oci:${layout}:latest`,
      `docker://${name}`,
    ]);
    rmSync(layout, { recursive: true });
    names.push({ compression, name });
  }
  rmSync(folder, { recursive: true });
  return names;
}

/** Programs, libraries and texts in the order of their names, cut into layers of equal size. */
function shareOut(): string[][] {
  const list = execFileSync(
    'find',
    ['/usr', '-xdev', '-type', 'f', '-size', '-32M', '-printf', '%s %p\\n'],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const files = list
    .trimEnd()
    .split('\n')
    .toSorted()
    .map((line) => ({ size: Number(line.split(' ', 1)[0]), path: line.replace(/^\d+ /, '') }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  // Every eighth file, so that each layer has some of each kind.
  return Array.from({ length: layerCount }, (_, layer) => {
    const own = files.filter((_, index) => index % layerCount === layer);
    return takeUntilFull(own);
  });
}

function takeUntilFull(files: readonly { size: number; path: string }[]): string[] {
  let bytes = 0;
  const taken = files.filter(({ size }) => bytes < layerBytes && (bytes += size) > 0);
  if (bytes < layerBytes) throw new Error(`/usr has too little for a layer: ${bytes} bytes`);
  return taken.map(({ path }) => path);
}

function makeTar(folder: string, files: readonly string[], index: number): string {
  const [list, tar] = [join(folder, `list${index}`), join(folder, `${index}.tar`)];
  writeFileSync(list, files.map((path) => `${path}\0`).join(''));
  const rename = `--transform=s,^/,layer${index}/,`;
  const argv = ['-c', '-f', tar, '-P', '--null', '--no-recursion', rename, '-T', list];
  execFileSync('tar', argv, { stdio: ['ignore', 'ignore', 'inherit'] });
  return tar;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

async function makeLayout(
  layout: string,
  tars: readonly string[],
  compression: Compression,
): Promise<void> {
  const blobs = join(layout, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const layers: Descriptor[] = [];
  const diffIds: string[] = [];
  // Two at a time: as many as the smallest machine has processors.
  for (let index = 0; index < tars.length; index += 2) {
    const pair = tars.slice(index, index + 2);
    layers.push(...(await Promise.all(pair.map((tar) => compress(blobs, tar, compression)))));
    for (const tar of pair) diffIds.push(await digestOf(tar));
  }
  const config = addDocument(blobs, 'application/vnd.oci.image.config.v1+json', {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: diffIds },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = { schemaVersion: 2, mediaType, config, layers };
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' };
  const manifests = [{ ...addDocument(blobs, mediaType, manifest), annotations }];
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}

async function compress(blobs: string, tar: string, compression: Compression): Promise<Descriptor> {
  const { command, mediaType } = compressions[compression];
  const made = `${tar}.${compression}`;
  await run('sh', ['-c', `${command} < "$1" > "$2"`, 'sh', tar, made]);
  const digest = await digestOf(made);
  const { size } = statSync(made);
  renameSync(made, join(blobs, digest.slice('sha256:'.length)));
  return { mediaType, digest, size };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

function addDocument(blobs: string, mediaType: string, document: unknown): Descriptor {
  const bytes = Buffer.from(JSON.stringify(document));
  const hex = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(blobs, hex), bytes);
  return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
}
