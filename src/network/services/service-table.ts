import { hash } from 'node:crypto';
import { isKernelError } from '../../base/error.ts';
import { nftables, type Connection, type Request } from '../../netlink/index.ts';
import { Claims, type SetChange } from './claims.ts';
import type { PlannedElement } from './planned-element.ts';
import { prefixOf } from './prefixes.ts';
import { changesOf, newTable } from './table-changes.ts';
import { allPlaces, definitionOf, table } from './table-sets.ts';

type Element = nftables.Element;

/**
 * Our table in the kernel: what Services want, and the transactions that make it so. Each holds as
 * a whole or not at all, so whoever is killed whenever leaves a table that was right; what was
 * wanted since is added by the next {@link adopt}.
 */
export class ServiceTable {
  readonly #connection: Connection;
  readonly #claims = new Claims();
  /** What the kernel said of chains and rules after our own last change of them. */
  #shape = '';
  #adopted = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Replaces what an owner wants; nothing ends it. In the kernel after {@link commit}. */
  want(owner: string, elements: readonly PlannedElement[]): void {
    this.#claims.set(owner, elements);
  }

  /** Owners that want something. */
  get owners(): string[] {
    return this.#claims.owners;
  }

  /** What was wanted since the last time, in one transaction. The changes that were made. */
  async commit(): Promise<readonly SetChange[]> {
    if (!this.#adopted) return this.adopt();
    const changes = this.#claims.take();
    if (changes.length === 0) return changes;
    try {
      await nftables.commit(this.#connection, changesOf(changes));
      if (changes.some(({ set }) => set === 'classes')) this.#shape = await this.#shapeNow();
      return changes;
    } catch (error) {
      // Somebody has changed the table meanwhile; what we wanted is known all the same.
      this.#adopted = false;
      if (isKernelError(error, 'ENOENT', 'EEXIST', 'EBUSY', 'ERESTART')) return this.adopt();
      throw error;
    }
  }

  /**
   * Compares the whole table with what is wanted and mends it, whoever made it. The endpoints that
   * clients keep stay unless the table has to be made anew.
   */
  async adopt(): Promise<readonly SetChange[]> {
    this.#adopted = false;
    this.#claims.take();
    for (let attempt = 1; ; attempt++) {
      const { id } = await nftables.generation(this.#connection);
      const known = this.#shape !== '' && (await this.#shapeNow()) === this.#shape;
      try {
        const changes = known ? await this.#mend(id) : await this.#build(id);
        this.#adopted = true;
        return changes;
      } catch (error) {
        if (!isKernelError(error, 'ERESTART', 'ENOENT', 'EINTR') || attempt >= attempts) {
          throw error;
        }
      }
    }
  }

  /** The chains are as we made them: only elements may differ. */
  async #mend(generation: number): Promise<readonly SetChange[]> {
    const changes: SetChange[] = [];
    for (const place of allPlaces) {
      const definition = definitionOf(place.family, place.set);
      const present = await nftables.listElements(this.#connection, definition);
      const change = difference(present, this.#claims.inForce(place));
      if (change !== undefined) changes.push({ ...place, ...change });
    }
    await nftables.commit(this.#connection, changesOf(changes), { generation });
    if (changes.some(({ set }) => set === 'classes')) this.#shape = await this.#shapeNow();
    return changes;
  }

  /**
   * All chains and sets anew, in one transaction, with the endpoints that clients keep: a packet
   * sees the old table or the new one. Connections that are there do not pass it.
   */
  async #build(generation: number): Promise<readonly SetChange[]> {
    const clients = await this.#clients();
    const changes = allPlaces.flatMap((place) => {
      const add = [...this.#claims.inForce(place).values()].map(({ planned }) => planned.element);
      return add.length === 0 ? [] : [{ ...place, remove: [], add }];
    });
    const requests: Request[] = [
      ...nftables.destroyTable(table),
      ...newTable(),
      ...changesOf(changes),
      ...clients.flatMap(({ family, elements }) =>
        nftables.addElements(definitionOf(family, 'affinity'), elements),
      ),
    ];
    await nftables.commit(this.#connection, requests, { generation });
    this.#shape = await this.#shapeNow();
    return changes;
  }

  async #clients(): Promise<{ family: 4 | 6; elements: Element[] }[]> {
    const found: { family: 4 | 6; elements: Element[] }[] = [];
    for (const family of [4, 6] as const) {
      try {
        const set = definitionOf(family, 'affinity');
        const elements = await nftables.listElements(this.#connection, set);
        if (elements.length > 0) found.push({ family, elements });
      } catch (error) {
        // No table yet, or one that is not of this kind.
        if (isKernelError(error, 'ENOENT')) continue;
        throw error;
      }
    }
    return found;
  }

  /** Chains, rules and sets as the kernel lists them, as one short text. */
  async #shapeNow(): Promise<string> {
    const chains = await nftables.listChains(this.#connection, table);
    const rules = await nftables.listRules(this.#connection, table);
    const sets = await nftables.listSets(this.#connection, { family: table.family });
    const ours = sets.filter((set) => set.table === table.table);
    const text = JSON.stringify([chains, rules, ours], (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    return hash('sha256', text);
  }
}

/** How often others may change the ruleset while we look at it. */
const attempts = 20;

/** Undefined when there is none. */
function difference(
  present: readonly Element[],
  wanted: ReturnType<Claims['inForce']>,
): { remove: Element[]; add: Element[] } | undefined {
  const remove: Element[] = [];
  const right = new Set<string>();
  for (const element of present) {
    const key = keyText(element);
    if (wanted.get(key)?.planned.data === dataText(element)) right.add(key);
    else remove.push(element);
  }
  const add = [...wanted].flatMap(([key, { planned }]) =>
    right.has(key) ? [] : [planned.element],
  );
  return remove.length === 0 && add.length === 0 ? undefined : { remove, add };
}

/** As plan-elements.ts has it. */
function keyText({ key }: Element): string {
  return key.map((field) => (typeof field === 'object' ? prefixOf(field) : field)).join(' ');
}

function dataText({ data = [] }: Element): string {
  if (typeof data === 'string') return data;
  return 'verdict' in data ? (data.chain ?? '') : data.join(' ');
}
