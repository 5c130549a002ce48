import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { writeVolatileState } from '../base/state-file.ts';
import type { Attachment } from './attachment.ts';
import { type NetworkConfiguration, networkDocument, parseNetwork } from './configuration.ts';
import { fileNameOf } from './file-name.ts';
import { Fields, type JsonObject, parseObject } from './json.ts';

/** What is kept of an attachment from ADD to DEL: DEL must get what ADD got. */
export interface CachedAttachment {
  readonly attachment: Attachment;
  readonly network: NetworkConfiguration;
  /** The last plugin's answer, as it printed it. */
  readonly result: JsonObject;
}

export type AttachmentKey = Pick<Attachment, 'containerId' | 'interfaceName'>;

const kind = 'cniCacheV1';

/**
 * A folder with one file an attachment, in libcni's own format and, as a rule, under its names
 * (`/var/lib/cni/results/<network>-<container>-<interface>`): containerd, CRI-O and Podman see our
 * attachments there, and we theirs. A file is whole or not there, but not synced: after a power
 * loss there is no attachment either. Synchronous: each call is a few system calls on small files.
 */
export class ResultCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  write(cached: CachedAttachment): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const { network, attachment } = cached;
    const free = this.#places(network.name, attachment).find((path) => {
      const found = readCached(path);
      return found === undefined || isOf(found, network.name, attachment);
    });
    if (free !== undefined) writeVolatileState(free, documentOf(cached));
  }

  /** Undefined when there is none, or when it is damaged: DEL goes on without. */
  read(network: string, key: AttachmentKey): CachedAttachment | undefined {
    for (const path of this.#places(network, key)) {
      const cached = readCached(path);
      if (cached !== undefined && isOf(cached, network, key)) return cached;
    }
    return undefined;
  }

  /** Succeeds when there is none; a damaged file of that name goes too. */
  remove(network: string, key: AttachmentKey): void {
    for (const path of this.#places(network, key)) {
      const cached = readCached(path);
      if (cached === undefined || isOf(cached, network, key)) rmSync(path, { force: true });
    }
  }

  /** All attachments, or those to one network; other runtimes' too where they share the folder. */
  list(network?: string): readonly CachedAttachment[] {
    return namesIn(this.#folder)
      .flatMap((name) => readCached(join(this.#folder, name)) ?? [])
      .filter((cached) => network === undefined || cached.network.name === network);
  }

  /**
   * libcni's name, and one that no other attachment can have: `a-b` and `c` have the same as `a`
   * and `b-c`, and ids may be longer than a file's name.
   */
  #places(network: string, { containerId, interfaceName }: AttachmentKey): readonly string[] {
    const names = [network, containerId, interfaceName];
    const own = join(this.#folder, fileNameOf(names));
    const common = names.join('-');
    const fits = !/[/\0]/.test(common) && Buffer.byteLength(common) <= 200;
    return fits ? [join(this.#folder, common), own] : [own];
  }
}

function documentOf({ attachment, network, result }: CachedAttachment): JsonObject {
  return {
    kind,
    containerId: attachment.containerId,
    config: Buffer.from(JSON.stringify(networkDocument(network))).toString('base64'),
    ifName: attachment.interfaceName,
    networkName: network.name,
    ...(attachment.netns !== undefined && { netns: attachment.netns }),
    ...(attachment.arguments && { cniArgs: Object.entries(attachment.arguments) }),
    ...(attachment.capabilityArguments && { capabilityArgs: attachment.capabilityArguments }),
    result,
  };
}

function isOf(cached: CachedAttachment, network: string, key: AttachmentKey): boolean {
  const { containerId, interfaceName } = cached.attachment;
  return (
    cached.network.name === network &&
    containerId === key.containerId &&
    interfaceName === key.interfaceName
  );
}

/** Others write here as well: whatever is not such a document is as none. */
function readCached(path: string): CachedAttachment | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return text.length > limits.stateFileBytes ? undefined : parseCached(text);
  } catch {
    return undefined;
  }
}

function parseCached(text: string): CachedAttachment | undefined {
  const document = parseObject(text, 'a cached result');
  const fields = new Fields(document, 'a cached result');
  const result = fields.object('result');
  if (fields.string('kind') !== kind || result === undefined) return undefined;
  const config = Buffer.from(fields.string('config'), 'base64').toString('utf8');
  const { loadOnlyInlinedPlugins: _, ...network } = parseNetwork(config);
  const netns = fields.string('netns');
  const args = argumentsOf(document['cniArgs']);
  const capabilityArguments = fields.object('capabilityArgs');
  const attachment: Attachment = {
    containerId: fields.string('containerId'),
    interfaceName: fields.string('ifName'),
    ...(netns !== '' && { netns }),
    ...(args !== undefined && { arguments: args }),
    ...(capabilityArguments !== undefined && { capabilityArguments }),
  };
  return { attachment, network, result };
}

function argumentsOf(list: unknown): Readonly<Record<string, string>> | undefined {
  if (!Array.isArray(list)) return undefined;
  const pairs = list.filter((pair) => Array.isArray(pair) && pair.length === 2);
  return Object.fromEntries(pairs.map(([name, value]) => [String(name), String(value)]));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.new'))
      .map((entry) => entry.name);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
