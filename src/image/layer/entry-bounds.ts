import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { refuse } from './entry-path.ts';
import type { LayerLimits } from './layer.ts';
import type { TarEntry } from './tar-entry.ts';

const defaults: LayerLimits = {
  entries: limits.layerEntries,
  depth: limits.layerDepth,
  bytes: limits.layerBytes,
  expansion: limits.layerExpansion,
  freeBytes: limits.layerFreeBytes,
};

/** The kernel's -1 for "leave it" and what lies beyond 32 bits are no owners. */
const maximumId = 0xffff_fffe;

/** Counts what a layer takes, and throws DomainError `invalid`, naming entry and bound, beyond. */
export class EntryBounds {
  readonly limits: LayerLimits;
  #entries = 0;
  #declared = 0;
  #fileBytes = 0;
  #last = '';

  constructor(given: Partial<LayerLimits> = {}) {
    this.limits = { ...defaults, ...given };
  }

  /** Entries of the archive, without the folders made for them. */
  get entries(): number {
    return this.#declared;
  }

  addEntry(entry: TarEntry): void {
    this.#last = entry.name;
    this.#declared += 1;
    this.addMade();
    checkNumbers(entry);
    this.#fileBytes += entry.size;
    if (this.#fileBytes > this.limits.bytes) {
      throw refuse(entry.name, `brings the files beyond the bound of ${this.limits.bytes} bytes`);
    }
  }

  /** Something on disk that no entry of the archive stands for. */
  addMade(): void {
    this.#entries += 1;
    if (this.#entries > this.limits.entries) {
      throw this.#refuse(`exceeds the bound of ${this.limits.entries} entries`);
    }
  }

  /** How far the blob and the archive in it were read. */
  checkArchive(compressedBytes: number, archiveBytes: number): void {
    const { bytes, expansion, freeBytes } = this.limits;
    if (archiveBytes > bytes) {
      throw this.#refuse(`brings it beyond the bound of ${bytes} bytes`);
    }
    if (archiveBytes > freeBytes && archiveBytes > compressedBytes * expansion) {
      throw this.#refuse(`expands beyond the bound of ${expansion} times its blob`);
    }
  }

  #refuse(why: string): DomainError {
    return this.#last === ''
      ? new DomainError('invalid', `The layer's archive ${why}`)
      : refuse(this.#last, why);
  }
}

function checkNumbers({ name, uid, gid, major, minor }: TarEntry): void {
  for (const [what, id] of [['owner', uid] as const, ['group', gid] as const]) {
    if (id < 0 || id > maximumId) throw refuse(name, `has an ${what} out of range, ${id}`);
  }
  // Linux has 12 bits for major and 20 for minor numbers.
  if (major < 0 || major > 0xfff || minor < 0 || minor > 0xf_ffff) {
    throw refuse(name, `is a device with numbers out of range, ${major}:${minor}`);
  }
}
