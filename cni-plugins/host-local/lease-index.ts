import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../../src/base/names-in.ts';
import type { LeaseFolder, Owner } from './lease-folder.ts';

/** How long an address rests before it is given out again, if another one is free. */
const quarantineMs = 30_000;

/** What is kept of a network between two calls. */
interface Memory {
  /** Addresses by owner. */
  owners: Map<string, readonly string[]>;
  /** When addresses were released, the oldest first. */
  readonly released: Map<string, number>;
  /** The folder's own, when this was right; undefined while it is being changed. */
  stamp: bigint | undefined;
  /** The folder was as old then that a later change would have shown in its stamp. */
  certain: boolean;
}

/** The clock of file times ticks every 1 to 10 ms: two changes in one tick look like one. */
const tickMs = 20;

const memories = new Map<string, Memory>();

/** A host has a handful of networks. */
const maximumMemories = 64;

/** Files of ended quarantines that one release removes: more come than go. */
const prunedAtOnce = 4;

/**
 * Finds an owner's leases without reading all of them, which is what makes the reference slow. The
 * leases on disk stay the truth: the index is kept in memory from call to call, notices when
 * another program changed them and is made anew. Released leases are kept as files in
 * `<data folder>/.keelson/<network>/released` until their quarantine is over.
 */
export class LeaseIndex {
  readonly #leases: LeaseFolder;
  readonly #released: string;
  readonly #memory: Memory;

  constructor(leases: LeaseFolder, dataFolder: string, network: string) {
    this.#leases = leases;
    this.#released = join(dataFolder, '.keelson', network, 'released');
    this.#memory = memoryOf(leases.path);
    if (this.#memory.stamp !== leases.stamp()) this.rebuild();
  }

  /** Looks twice before an owner is told to have none: another program may just have made one. */
  addressesOf(owner: Owner): readonly string[] {
    const found = this.knownOf(owner);
    if (found.length > 0 || this.#memory.certain) return found;
    this.rebuild();
    return this.knownOf(owner);
  }

  /** Without a second look, for an ADD: no address is given twice, whatever the index says. */
  knownOf(owner: Owner): readonly string[] {
    return [owner, { ...owner, interfaceName: '' }].flatMap(
      (key) => this.#memory.owners.get(nameOf(key)) ?? [],
    );
  }

  /** Reserves a free address; false when somebody has it. */
  reserve(address: string, owner: Owner): boolean {
    // Whatever fails from here on, the next call makes the index anew.
    this.#memory.stamp = undefined;
    if (!this.#leases.reserve(address, owner)) return false;
    const name = nameOf(owner);
    this.#memory.owners.set(name, [...(this.#memory.owners.get(name) ?? []), address]);
    if (this.#memory.released.has(address)) this.#endQuarantine(address);
    return true;
  }

  /** Releases the owner's leases that `belongs` names; undoing an ADD leaves no quarantine. */
  release(owner: Owner, belongs: (address: string) => boolean, rest = true): void {
    const known = this.addressesOf(owner);
    const ours = known.filter(belongs);
    const others = known.filter((address) => !belongs(address));
    if (ours.length === 0) return;
    this.#memory.stamp = undefined;
    if (rest) this.#prune();
    for (const address of ours) {
      if (rest) this.#memory.released.set(address, Date.now());
      this.#leases.release(address, rest ? this.#folder() : undefined);
    }
    this.#memory.owners.delete(nameOf({ ...owner, interfaceName: '' }));
    if (others.length > 0) this.#memory.owners.set(nameOf(owner), others);
    else this.#memory.owners.delete(nameOf(owner));
  }

  /** True for an address that was released just now. */
  rests(address: string): boolean {
    const releasedAtMs = this.#memory.released.get(address);
    return releasedAtMs !== undefined && Date.now() - releasedAtMs < quarantineMs;
  }

  owners(): readonly Owner[] {
    return [...this.#memory.owners.keys()].map(ownerOf);
  }

  /** Vouches for the index until the leases change. Called last, when all went well. */
  seal(): void {
    if (this.#memory.stamp !== undefined) return;
    const stamp = this.#leases.stamp();
    this.#memory.stamp = stamp;
    this.#memory.certain = Date.now() - Number(stamp / 1_000_000n) > tickMs;
  }

  /** Makes the index anew from the leases. */
  rebuild(): void {
    this.#memory.stamp = undefined;
    this.#memory.certain = true;
    this.#memory.owners = this.#leasesByOwner();
    this.#memory.released.clear();
    for (const [address, atMs] of releasedIn(this.#released)) {
      this.#memory.released.set(address, atMs);
    }
  }

  /** Files that were made and not written: of processes killed in between, for we have the lock. */
  removeNobodys(): void {
    for (const address of this.#leases.addresses()) {
      if (this.#leases.owner(address)?.containerId === '') this.#leases.release(address);
    }
  }

  #leasesByOwner(): Map<string, readonly string[]> {
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

  #folder(): string {
    mkdirSync(this.#released, { recursive: true, mode: 0o700 });
    return this.#released;
  }

  #prune(): void {
    for (const address of [...this.#memory.released.keys()].slice(0, prunedAtOnce)) {
      if (!this.rests(address)) this.#endQuarantine(address);
    }
  }

  #endQuarantine(address: string): void {
    this.#memory.released.delete(address);
    rmSync(join(this.#released, address), { force: true });
  }
}

function memoryOf(path: string): Memory {
  const known = memories.get(path);
  if (known !== undefined) return known;
  if (memories.size >= maximumMemories) memories.clear();
  const memory: Memory = {
    owners: new Map(),
    released: new Map(),
    stamp: undefined,
    certain: false,
  };
  memories.set(path, memory);
  return memory;
}

/** Oldest first. A file that is moved keeps all its times but that of the change itself. */
function releasedIn(folder: string): readonly (readonly [string, number])[] {
  return namesIn(folder)
    .map((name) => [name, statSync(join(folder, name)).ctimeMs] as const)
    .toSorted(([, first], [, second]) => first - second);
}

/** One text for an owner: container ids and interface names have no slash. */
function nameOf({ containerId, interfaceName }: Owner): string {
  return `${containerId}/${interfaceName}`;
}

function ownerOf(name: string): Owner {
  const at = name.lastIndexOf('/');
  return { containerId: name.slice(0, at), interfaceName: name.slice(at + 1) };
}
