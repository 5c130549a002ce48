import { lstat, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { DomainError, hasCode } from '../base/error.ts';
import type { CopiedKind, CopyOutput } from '../cri/generated/keelson.ts';
import { Containers } from '../cri/generated/keelson.ts';
import { createUnpacker } from '../image/layer/unpack.ts';
import type { Cli } from './cli.ts';

export interface CopyFlags {
  /** Owners stay; else they are who calls, or in a container its root. */
  readonly archive?: true;
  readonly followLink?: true;
}

/**
 * Copies a file or folder of a container to the host, or, for `-`, its archive to stdout. What is
 * in the archive is the container's doing: it is unpacked by a thread that is shut into an empty
 * folder, and only what lies there under the name that was asked for is taken.
 */
export async function copyFromContainer(
  cli: Cli,
  place: { readonly container: string; readonly path: string },
  { target, archive, followLink }: CopyFlags & { readonly target: string },
): Promise<void> {
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const outputs = cli.client.answers(Containers.CopyOut, {
    ...place,
    follow_link: followLink === true,
    ...(archive === true || target === '-' ? {} : { owner }),
  });
  const items = outputs[Symbol.asyncIterator]();
  const first = await items.next();
  const kind = first.done === true ? undefined : first.value.kind;
  if (kind === undefined) throw new DomainError('unavailable', 'The runtime went away');
  const data = dataOf({ [Symbol.asyncIterator]: () => items });
  if (target === '-') {
    for await (const bytes of data) await cli.print(bytes);
    return;
  }
  const name = basename(resolve('/', place.path));
  const end = await placeFor(target, {
    name,
    isFolder: kind.is_folder,
    contents: kind.name === '',
  });
  await placeArchive(data, { kind, end });
}

async function* dataOf(outputs: AsyncIterable<CopyOutput>): AsyncGenerator<Uint8Array> {
  for await (const { data } of outputs) yield data;
}

/** Into a folder that exists, else under the name that was given. */
async function placeFor(
  target: string,
  source: { readonly name: string; readonly isFolder: boolean; readonly contents: boolean },
): Promise<string> {
  const path = resolve(target);
  const there = await kindOf(path);
  if (there === 'folder') return source.contents ? path : `${path}/${source.name}`;
  if (there === 'file' && source.isFolder) {
    throw new DomainError('conflict', `"${target}" is a file, not a folder`);
  }
  if (target.endsWith('/') && !source.isFolder) {
    throw new DomainError('notFound', `There is no folder "${target}"`);
  }
  const parent = dirname(path);
  if ((await kindOf(parent)) === 'folder') return path;
  throw new DomainError('notFound', `There is no folder "${parent}" to copy to`);
}

async function kindOf(path: string): Promise<'folder' | 'file' | 'absent'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'absent';
    throw error;
  }
}

async function placeArchive(
  data: AsyncIterable<Uint8Array>,
  { kind, end }: { kind: CopiedKind; end: string },
): Promise<void> {
  const temporary = await mkdtemp(`${dirname(end)}/.keelson-copy-`);
  try {
    await unpack(data, temporary);
    await merge(kind.name === '' ? temporary : `${temporary}/${kind.name}`, end);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
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

/** What is there stays where the copy has nothing of the name; no folder gives way to a file. */
async function merge(from: string, to: string): Promise<void> {
  const [copied, there] = [await lstat(from), await statusIfAny(to)];
  if (there?.isDirectory() !== true) {
    if (there !== undefined && copied.isDirectory()) {
      throw new DomainError('conflict', `"${to}" is a file, not a folder`);
    }
    return rename(from, to);
  }
  if (!copied.isDirectory()) {
    throw new DomainError('conflict', `"${to}" is a folder, not a file`);
  }
  for (const name of await readdir(from)) await merge(`${from}/${name}`, `${to}/${name}`);
}

async function statusIfAny(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
