import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Stored } from '../../../api/client/client.ts';
import { localFolder } from '../../../api/local-folder.ts';
import type { PersistentVolume } from '../../../api/types/generated/core-v1.ts';
import { DomainError } from '../../../base/error.ts';
import { listNames } from '../../../kernel/folder.ts';
import { openFolder } from '../../../kernel/open.ts';
import { ensureFolders, openBeneath } from '../tree/folder.ts';
import { removeTree } from '../tree/remove-tree.ts';

/**
 * The folders of this node that the default StorageClass gives out: one for each volume, by the
 * volume's name, beneath one that nothing else is in.
 */
export class LocalFolders {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = resolve(folder);
    mkdirSync(folder, { recursive: true, mode: 0o711 });
  }

  /** Throws `invalid` for a volume whose folder would be elsewhere. */
  check(volume: Stored<PersistentVolume>): void {
    this.#nameOf(volume);
  }

  /** Makes the folder of a volume that was provisioned for this node. */
  ensure(volume: Stored<PersistentVolume>): void {
    using base = openFolder(this.#folder);
    ensureFolders(base.fd, this.#nameOf(volume), localFolder.mode).close();
  }

  /** The volumes that have a folder. */
  names(): readonly string[] {
    using base = openFolder(this.#folder);
    using listed = openBeneath(base.fd, '.');
    return listNames(listed.fd).filter((name) => !name.startsWith('.'));
  }

  async remove(volume: Stored<PersistentVolume>): Promise<void> {
    using base = openFolder(this.#folder);
    await removeTree(base.fd, this.#nameOf(volume));
  }

  /** A folder elsewhere is none of ours, whatever the object says. */
  #nameOf({ metadata, spec }: Stored<PersistentVolume>): string {
    const { name } = metadata;
    const path = spec.local?.path ?? '';
    const isOwn = /^[a-z0-9][-a-z0-9.]*$/.test(name) && path === join(this.#folder, name);
    if (isOwn) return name;
    const message = `local volume ${path} is not in this node's folder ${this.#folder}`;
    throw new DomainError('invalid', message);
  }
}
