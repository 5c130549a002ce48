import { mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hasCode, isDomainError } from '../base/error.ts';
import { readState, writeState } from '../base/state-file.ts';
import type { Attachment } from './attachment.ts';
import type { NetworkConfiguration } from './configuration.ts';
import { fileNameOf } from './file-name.ts';
import { type JsonObject, isObject } from './json.ts';

/** What is kept of an attachment from ADD to DEL: DEL must get what ADD got. */
export interface CachedAttachment {
  readonly attachment: Attachment;
  readonly network: NetworkConfiguration;
  /** The last plugin's answer, as it printed it. */
  readonly result: JsonObject;
}

/** A folder with one file an attachment, written so that a crash leaves the old or the new one. */
export class ResultCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(cached: CachedAttachment): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeState(this.#path(cached.network.name, cached.attachment), cached);
  }

  /** Undefined when there is none, or when it is damaged: DEL goes on without. */
  async read(network: string, attachment: AttachmentKey): Promise<CachedAttachment | undefined> {
    return await readCached(this.#path(network, attachment));
  }

  async remove(network: string, attachment: AttachmentKey): Promise<void> {
    const path = this.#path(network, attachment);
    await rm(path, { force: true });
    // What a writer that was killed has left half; its name is of no use to anyone.
    const started = `${basename(path)}.`;
    for (const name of await namesIn(this.#folder, '.new')) {
      if (name.startsWith(started)) await rm(join(this.#folder, name), { force: true });
    }
  }

  /** All attachments to one network. */
  async list(network: string): Promise<readonly CachedAttachment[]> {
    const names = await namesIn(this.#folder);
    const cached = await Promise.all(names.map((name) => readCached(join(this.#folder, name))));
    return cached
      .filter((entry) => entry !== undefined)
      .filter((entry) => entry.network.name === network);
  }

  #path(network: string, { containerId, interfaceName }: AttachmentKey): string {
    return join(this.#folder, `${fileNameOf([network, containerId, interfaceName])}.json`);
  }
}

export type AttachmentKey = Pick<Attachment, 'containerId' | 'interfaceName'>;

async function readCached(path: string): Promise<CachedAttachment | undefined> {
  try {
    const document = await readState(path);
    return isCached(document) ? document : undefined;
  } catch (error) {
    if (isDomainError(error, 'invalid')) return undefined;
    throw error;
  }
}

function isCached(document: unknown): document is CachedAttachment {
  return (
    isObject(document) &&
    isObject(document['result']) &&
    isObject(document['attachment']) &&
    isObject(document['network']) &&
    Array.isArray(document['network']['plugins'])
  );
}

async function namesIn(folder: string, ending = '.json'): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(ending));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
