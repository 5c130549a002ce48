import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../../src/base/error.ts';
import type { LeaseFolder, Owner } from './lease-folder.ts';

/** How long an address rests before it is given out again, if another one is free. */
const quarantineMs = 30_000;

/**
 * Finds an owner's leases without reading all of them, which is what makes the reference slow:
 * a file an owner, beside the leases (`<data folder>/.keelson/<network>`). The leases themselves
 * stay the truth: the index notices when another program changed them and is made anew.
 */
export class LeaseIndex {
  readonly #leases: LeaseFolder;
  readonly #owners: string;
  readonly #released: string;
  readonly #stamp: string;
  #unsealed = false;

  constructor(leases: LeaseFolder, dataFolder: string, network: string) {
    const folder = join(dataFolder, '.keelson', network);
    this.#leases = leases;
    this.#owners = join(folder, 'owners');
    this.#released = join(folder, 'released');
    this.#stamp = join(folder, 'stamp');
    mkdirSync(this.#owners, { recursive: true, mode: 0o700 });
    mkdirSync(this.#released, { recursive: true, mode: 0o700 });
    if (read(this.#stamp) !== leases.stamp()) this.rebuild();
  }

  addressesOf(owner: Owner): readonly string[] {
    return [nameOf(owner), nameOf({ ...owner, interfaceName: '' })].flatMap(
      (name) => read(join(this.#owners, name))?.split('\n').filter(Boolean) ?? [],
    );
  }

  /** Reserves a free address; false when somebody has it. */
  reserve(address: string, owner: Owner): boolean {
    // The stamp goes first: killed from here on, the next call makes the index anew.
    this.#unseal();
    if (!this.#leases.reserve(address, owner)) return false;
    const path = join(this.#owners, nameOf(owner));
    writeFileSync(path, `${read(path) ?? ''}${address}\n`, { mode: 0o600 });
    rmSync(join(this.#released, address), { force: true });
    return true;
  }

  /** Releases the owner's leases that `belongs` names; undoing an ADD leaves no quarantine. */
  release(owner: Owner, belongs: (address: string) => boolean, rest = true): void {
    const [ours, others] = split(this.addressesOf(owner), belongs);
    if (ours.length > 0) this.#unseal();
    for (const address of ours) {
      this.#leases.release(address);
      if (rest) writeFileSync(join(this.#released, address), '', { mode: 0o600 });
    }
    this.#forget(owner, others);
  }

  /** True for an address that was released just now. */
  rests(address: string): boolean {
    try {
      return Date.now() - statSync(join(this.#released, address)).mtimeMs < quarantineMs;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    }
  }

  owners(): readonly Owner[] {
    return readdirSync(this.#owners).map(ownerOf);
  }

  /** Vouches for the index until the leases change. Called last, when all went well. */
  seal(): void {
    if (!this.#unsealed) return;
    writeFileSync(this.#stamp, this.#leases.stamp(), { mode: 0o600 });
    this.#unsealed = false;
  }

  /** Makes the index anew from the leases. */
  rebuild(): void {
    this.#unseal();
    for (const name of readdirSync(this.#owners)) rmSync(join(this.#owners, name));
    for (const [name, addresses] of this.#leasesByOwner()) {
      writeFileSync(join(this.#owners, name), `${addresses.join('\n')}\n`, { mode: 0o600 });
    }
  }

  #unseal(): void {
    if (this.#unsealed) return;
    rmSync(this.#stamp, { force: true });
    this.#unsealed = true;
  }

  #forget(owner: Owner, remaining: readonly string[]): void {
    rmSync(join(this.#owners, nameOf({ ...owner, interfaceName: '' })), { force: true });
    const path = join(this.#owners, nameOf(owner));
    if (remaining.length === 0) rmSync(path, { force: true });
    else writeFileSync(path, `${remaining.join('\n')}\n`, { mode: 0o600 });
  }

  #leasesByOwner(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, string[]>();
    for (const address of this.#leases.addresses()) {
      const owner = this.#leases.owner(address);
      if (owner === undefined || owner.containerId === '') continue;
      const addresses = found.get(nameOf(owner));
      if (addresses === undefined) found.set(nameOf(owner), [address]);
      else addresses.push(address);
    }
    return found;
  }
}

/** A file name for an owner: what CNI allows in ids and interface names, but for the plus. */
function nameOf({ containerId, interfaceName }: Owner): string {
  return `${encodeURIComponent(containerId)}+${encodeURIComponent(interfaceName)}`;
}

function ownerOf(name: string): Owner {
  const [containerId = '', interfaceName = ''] = name.split('+').map(decodeURIComponent);
  return { containerId, interfaceName };
}

function split<Value>(values: readonly Value[], belongs: (value: Value) => boolean) {
  return [values.filter(belongs), values.filter((value) => !belongs(value))] as const;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
