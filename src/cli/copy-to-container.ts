import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, posix, resolve } from 'node:path';
import { DomainError, hasCode } from '../base/error.ts';
import { packTree } from '../image/layer/pack.ts';
import { formatTarHeader, tarEnd, tarPadding } from '../image/layer/tar-format.ts';
import type { Cli } from './cli.ts';
import { openInput } from './open-input.ts';
import { pipeExec } from './pipe-exec.ts';

/**
 * Copies a file or folder of the host, or for `-` an archive from stdin, into a running container.
 * Its own tar unpacks there: nothing outside of it can be reached by what it has made of its paths.
 */
export async function copyToContainer(
  cli: Cli,
  source: string,
  target: { readonly container: string; readonly path: string },
): Promise<void> {
  const { container } = target;
  const path = posix.resolve('/', target.path);
  if (source === '-') return extract(cli, { container, folder: path, archive: openInput('-') });
  const status = await statusOf(source);
  const intoFolder = await isFolder(cli, { container, path });
  const place = intoFolder ? posix.join(path, basename(resolve(source))) : path;
  if (status.isDirectory()) {
    await run(cli, container, ['mkdir', '-p', place]);
    const archive = packTree([resolve(source)]);
    return extract(cli, { container, folder: place, archive });
  }
  if (!status.isFile()) {
    throw new DomainError('unsupported', `"${source}" is neither a file nor a folder`);
  }
  const archive = packFile(resolve(source), { name: posix.basename(place), status });
  return extract(cli, { container, folder: posix.dirname(place), archive });
}

async function statusOf(path: string): ReturnType<typeof stat> {
  try {
    return await stat(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new DomainError('invalid', `There is no "${path}" to copy`);
  }
}

async function isFolder(
  cli: Cli,
  { container, path }: { container: string; path: string },
): Promise<boolean> {
  try {
    await run(cli, container, ['test', '-d', path]);
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.message.includes('ended with 1')) return false;
    throw error;
  }
}

async function run(cli: Cli, container: string, args: readonly string[]): Promise<void> {
  for await (const _ of pipeExec(cli, { container, args }));
}

async function extract(
  cli: Cli,
  request: { container: string; folder: string; archive: AsyncIterable<Uint8Array> },
): Promise<void> {
  const { container, folder, archive } = request;
  const args = ['tar', '-C', folder, '-xf', '-'];
  for await (const _ of pipeExec(cli, { container, args, input: archive }));
}

/** Exactly as many bytes as the header says, whatever becomes of the file meanwhile. */
async function* packFile(
  path: string,
  { name, status }: { name: string; status: Awaited<ReturnType<typeof stat>> },
): AsyncGenerator<Uint8Array> {
  const size = Number(status.size);
  const mode = Number(status.mode) & 0o7777;
  const owner = { uid: Number(status.uid), gid: Number(status.gid) };
  yield formatTarHeader({
    name: Buffer.from(name).toString('latin1'),
    type: 'file',
    mode,
    size,
    ...owner,
  });
  let left = size;
  for await (const part of createReadStream(path, { end: Math.max(0, size - 1) })) {
    const bytes = (part as Buffer).subarray(0, left);
    left -= bytes.length;
    yield bytes;
  }
  if (left > 0) yield Buffer.alloc(left);
  yield tarPadding(size);
  yield tarEnd;
}
