import { lstat, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, posix, resolve } from 'node:path';
import { DomainError, hasCode } from '../base/error.ts';
import { createUnpacker } from '../image/layer/unpack.ts';
import type { Cli } from './cli.ts';
import { pipeExec } from './pipe-exec.ts';

/**
 * Copies a file or folder of a running container to the host, or, for `-`, its archive to stdout.
 * The container made the archive and may lie in it: it is unpacked by a thread that is shut into
 * an empty folder, and only what lies there under the name that was asked for is taken.
 */
export async function copyFromContainer(
  cli: Cli,
  { container, path }: { readonly container: string; readonly path: string },
  target: string,
): Promise<void> {
  const name = posix.basename(posix.resolve('/', path));
  if (name === '') throw new DomainError('invalid', 'Cannot copy "/": name something in it');
  const folder = posix.dirname(posix.resolve('/', path));
  const archive = pipeExec(cli, { container, args: ['tar', '-C', folder, '-cf', '-', name] });
  if (target === '-') {
    for await (const bytes of archive) await cli.print(bytes);
    return;
  }
  const place = await placeFor(resolve(target), name);
  const temporary = await mkdtemp(`${dirname(place)}/.keelson-copy-`);
  try {
    await unpack(archive, temporary);
    await refuseFolderOver(place, `${temporary}/${name}`);
    await rename(`${temporary}/${name}`, place);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Into a folder that exists, else under the name that was given. */
async function placeFor(target: string, name: string): Promise<string> {
  try {
    return (await stat(target)).isDirectory() ? `${target}/${name}` : target;
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  const parent = dirname(target);
  try {
    if ((await stat(parent)).isDirectory()) return `${parent}/${basename(target)}`;
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  throw new DomainError('invalid', `There is no folder "${parent}" to copy to`);
}

async function unpack(archive: AsyncIterable<Uint8Array>, folder: string): Promise<void> {
  const unpacker = createUnpacker(1);
  const work = unpacker.open({ folder, compression: 'none', lowest: true, refuseDevices: true });
  try {
    for await (const bytes of archive) await work.write(bytes);
    await work.finish();
  } catch (error) {
    await work.abort();
    throw error;
  } finally {
    await unpacker.close();
  }
}

/** Two folders are not mixed: what would be replaced and what would stay is not plain to see. */
async function refuseFolderOver(place: string, copied: string): Promise<void> {
  const exists = await lstat(place).then(
    () => true,
    () => false,
  );
  if (exists && (await lstat(copied)).isDirectory()) {
    throw new DomainError('exists', `"${place}" exists already`);
  }
}
