import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { DomainError, hasCode } from '../base/error.ts';
import { Containers, type CopyInput } from '../cri/generated/keelson.ts';
import type { Draft } from '../grpc/message.ts';
import { packTree } from '../image/layer/pack.ts';
import { fromNameText } from '../image/layer/tar-entry.ts';
import type { Cli } from './cli.ts';
import type { CopyFlags } from './copy-from-container.ts';
import { bytesOf } from './open-input.ts';

/** Copies a file or folder of the host, or for `-` an archive from stdin, into a container. */
export async function copyToContainer(
  cli: Cli,
  place: { readonly container: string; readonly path: string },
  { source, ...flags }: CopyFlags & { readonly source: string },
): Promise<void> {
  const copied = source === '-' ? fromInput : await fromHost(source, flags.followLink === true);
  const { name, isFolder, archive } = copied;
  const request = { ...place, name, is_folder: isFolder, as_root: flags.archive !== true };
  const answers = cli.client.both(Containers.CopyIn, inputsOf(request, archive()));
  for await (const _ of answers);
}

interface Copied {
  /** Empty for what is in a folder. */
  readonly name: string;
  readonly isFolder: boolean;
  readonly archive: () => AsyncIterable<Uint8Array>;
}

const fromInput: Copied = { name: '', isFolder: false, archive: () => bytesOf('-') };

/** `/.` at the end means what is in the folder; a link is copied as one unless it is followed. */
async function fromHost(source: string, followLink: boolean): Promise<Copied> {
  try {
    const path = followLink ? await realpath(source) : resolve(source);
    const status = await lstat(path);
    const isFolder = status.isDirectory();
    if (source.endsWith('/') && !isFolder) throw missing(source);
    if (!isFolder && !status.isFile() && !status.isSymbolicLink()) {
      throw new DomainError('unsupported', `"${source}" is neither a file nor a folder`);
    }
    if (isFolder && (path === '/' || /(^|\/)\.$/.test(source))) {
      return { name: '', isFolder, archive: () => packTree([path]) };
    }
    const name = basename(path);
    const only = fromNameText(name);
    return { name, isFolder, archive: () => packTree([dirname(path)], { only }) };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) throw missing(source);
    throw error;
  }
}

function missing(source: string): DomainError {
  return new DomainError('notFound', `There is no "${source}" to copy`);
}

async function* inputsOf(
  request: NonNullable<Draft<CopyInput>['request']>,
  archive: AsyncIterable<Uint8Array>,
): AsyncGenerator<Draft<CopyInput>> {
  yield { request };
  for await (const data of archive) yield { data: Buffer.from(data) };
}
