import { equal, type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { type Kind, resourceOf } from '../../api/kind.ts';
import { findKind, kinds } from '../../api/kinds.ts';
import {
  type Amounts,
  amountsIn,
  amountsText,
  difference,
  isMore,
  mapOf,
  only,
  sumOf,
} from '../../api/quota/amounts.ts';
import { isInScope } from '../../api/quota/scope.ts';
import { isCountedBy, usageOf } from '../../api/quota/usage.ts';
import { ApiError, forbidden } from '../../api/status.ts';
import { messageOf } from '../../base/error.ts';
import { decodeObject, metadataOf } from '../object-text.ts';
import type { CustomKinds } from '../custom/custom-kinds.ts';
import { type Place, placeOf, prefixOf, type Registry } from '../registry.ts';
import type { Turns } from '../turns.ts';
import { checkSpecified } from './check-specified.ts';

interface KnownUsage {
  readonly revision: number;
  readonly usage: Amounts;
}

/** What is about to be written: `old` is undefined for what is new. */
export interface Charge {
  readonly place: Place;
  readonly object: JsonObject;
  readonly old: JsonObject | undefined;
}

/**
 * Keeps namespaces within their ResourceQuotas. What is there is summed up from the objects
 * themselves, and one write at a time is between the sum and the store: so the sums are exact,
 * however many write at once, in however many coordinators.
 */
export class Quotas {
  readonly #registry: Registry;
  readonly #turns: Turns;
  readonly #customs: Pick<CustomKinds, 'stored'>;
  readonly #stale = new Set<string>();
  /** Namespaces that have a quota, or had: others are not looked at. */
  readonly #limited = new Set<string>();
  #loaded: Promise<void> | undefined;
  /** An object's usage, for as long as it stays as it is. */
  readonly #known = new Map<string, KnownUsage>();

  constructor(registry: Registry, turns: Turns, customs: Pick<CustomKinds, 'stored'>) {
    this.#customs = customs;
    this.#registry = registry;
    this.#turns = turns;
  }

  /** Writes if the quotas allow it. Throws `Forbidden` with what was asked, used and limited. */
  async guard<T>(charge: Charge, dryRun: boolean, write: () => Promise<T>): Promise<T> {
    const { namespace, kind } = charge.place;
    if (kind.builtIn === 'Event' || !(await this.#hasQuotas(namespace))) return await write();
    return await this.#turn(namespace, async () => {
      const quotas = await this.#quotas(namespace);
      for (const quota of quotas) await this.#check(quota, charge);
      const written = await write();
      if (!dryRun) await this.#publish(quotas);
      return written;
    });
  }

  /** Whether a change of what is there keeps to the quotas. Throws `Forbidden`. */
  async check(charge: Charge): Promise<void> {
    const { kind, namespace } = charge.place;
    if (!changes.has(kind.builtIn) || !(await this.#hasQuotas(namespace))) return;
    for (const quota of await this.#quotas(namespace)) await this.#check(quota, charge);
  }

  /** Nobody else writes to the namespace's quotas between what `write` checks and keeps. */
  async alone<T>({ kind, namespace }: Place, write: () => Promise<T>): Promise<T> {
    if (!changes.has(kind.builtIn) || !(await this.#hasQuotas(namespace))) return await write();
    return await this.#turn(namespace, write);
  }

  /** A namespace has a quota from now on, or another one. */
  added(namespace: string): void {
    this.#limited.add(namespace);
    this.touch(namespace);
  }

  /** Something in a namespace may take less now: tells the sums anew, soon. */
  touch(namespace: string): void {
    if (namespace === '' || this.#stale.has(namespace)) return;
    this.#stale.add(namespace);
    queueMicrotask(() => void this.#refresh(namespace));
  }

  async #refresh(namespace: string): Promise<void> {
    try {
      if (!(await this.#hasQuotas(namespace))) return void this.#stale.delete(namespace);
      await this.#turn(namespace, async () => {
        this.#stale.delete(namespace);
        await this.#publish(await this.#quotas(namespace));
      });
    } catch {
      // The store is closing, or the quota gone; the next write tells it anew.
      this.#stale.delete(namespace);
    }
  }

  async #hasQuotas(namespace: string): Promise<boolean> {
    if (namespace === '') return false;
    this.#loaded ??= this.#load();
    await this.#loaded;
    if (!this.#limited.has(namespace)) return false;
    const prefix = prefixOf(quotaKind(), namespace);
    const { entries } = await this.#registry.store.list(prefix, { limit: 1 });
    return entries.length > 0;
  }

  async #load(): Promise<void> {
    const { store } = this.#registry;
    const after = store.revision;
    for (const quota of await this.#registry.all(quotaKind(), '')) this.#note(quota);
    void this.#follow(after);
  }

  /** Others may make quotas, too. */
  async #follow(after: number): Promise<void> {
    try {
      const changes = this.#registry.store.watch(quotaKind().prefix, { after });
      for await (const batch of changes) {
        for (const change of batch) if (!change.deleted) this.#note(decodeObject(change));
      }
    } catch {
      // It fell behind: all is read anew.
    }
    this.#loaded = undefined;
  }

  #note(quota: JsonObject): void {
    this.#limited.add(placeOf(quotaKind(), quota).namespace);
  }

  async #quotas(namespace: string): Promise<JsonObject[]> {
    return await this.#registry.all(quotaKind(), namespace);
  }

  #turn<T>(namespace: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.run(`quotas/${namespace}`, work);
  }

  async #check(quota: JsonObject, { place, object, old }: Charge): Promise<void> {
    const { kind, name } = place;
    const hard = amountsIn(objectIn(quota, 'spec')['hard']);
    const resources = [...hard.keys()].filter((resource) => isCountedBy(resource, kind));
    if (resources.length === 0 || !isInScope(quota, kind, object)) return;
    const quotaName = textOf(metadataOf(quota)['name']);
    if (kind.builtIn === 'Pod' && old === undefined) {
      const missing = checkSpecified(object, resources);
      if (missing !== '') {
        throw forbidden(kind, name, `failed quota: ${quotaName}: must specify ${missing}`);
      }
    }
    const before = old === undefined ? new Map() : usageOf(kind, old);
    const delta = difference(only(usageOf(kind, object), resources), before);
    const asked = [...delta].filter(([, amount]) => amount.nano > 0n).map(([resource]) => resource);
    if (asked.length === 0) return;
    const used = await this.#used(quota, kind, asked);
    const wanted = sumOf(used, delta);
    const exceeded = asked.filter((resource) => isMore(wanted.get(resource), hard.get(resource)));
    if (exceeded.length === 0) return;
    const [request, present, limited] = [delta, used, hard].map((amounts) =>
      amountsText(only(amounts, exceeded)),
    );
    const why =
      `exceeded quota: ${quotaName}, requested: ${request}, used: ${present}, ` +
      `limited: ${limited}`;
    throw forbidden(kind, name, why);
  }

  /** The sum over all objects of a kind that the quota is about. */
  async #used(quota: JsonObject, kind: Kind, resources: readonly string[]): Promise<Amounts> {
    const { namespace } = placeOf(quotaKind(), quota);
    const counter = `count/${resourceOf(kind)}`;
    const prefix = prefixOf(kind, namespace);
    if (resources.every((resource) => resource === counter || resource === kind.plural)) {
      if (kind.builtIn !== 'Pod') {
        const count = BigInt(await this.#registry.store.count(prefix)) * 1_000_000_000n;
        const sum = { nano: count, format: 'decimal' } as const;
        return new Map(resources.map((resource) => [resource, sum]));
      }
    }
    const parts: Amounts[] = [];
    let at: { readonly revision?: number; readonly after?: string } = {};
    for (;;) {
      const page = await this.#registry.store.list(prefix, at);
      for (const entry of page.entries) parts.push(this.#usageOf(quota, kind, entry));
      const after = page.entries.at(-1)?.key;
      if (!page.more || after === undefined) break;
      at = { revision: page.revision, after };
    }
    return only(sumOf(...parts), resources);
  }

  #usageOf(
    quota: JsonObject,
    kind: Kind,
    entry: { readonly key: string; readonly value: Uint8Array; readonly revision: number },
  ): Amounts {
    const plain = objectIn(quota, 'spec');
    const scoped = plain['scopes'] !== undefined || plain['scopeSelector'] !== undefined;
    if (scoped) {
      const object = decodeObject(entry);
      return isInScope(quota, kind, object) ? usageOf(kind, object) : new Map();
    }
    const known = this.#known.get(entry.key);
    if (known?.revision === entry.revision) return known.usage;
    const usage = usageOf(kind, decodeObject(entry));
    if (this.#known.size > mostKnown) this.#known.clear();
    this.#known.set(entry.key, { revision: entry.revision, usage });
    return usage;
  }

  /** Writes what is used to each quota's status. */
  async #publish(quotas: readonly JsonObject[]): Promise<void> {
    for (const quota of quotas) {
      const hard = amountsIn(objectIn(quota, 'spec')['hard']);
      const used = new Map();
      for (const kind of [...countedKinds(), ...this.#customs.stored]) {
        const own = [...hard.keys()].filter((resource) => isCountedBy(resource, kind));
        if (own.length === 0) continue;
        for (const [name, amount] of await this.#used(quota, kind, own)) used.set(name, amount);
      }
      const status = { hard: mapOf(hard), used: mapOf(only(used, hard.keys())) };
      await this.#registry
        .update(placeOf(quotaKind(), quota), async (old) =>
          equal(old['status'], status) ? old : { ...old, status },
        )
        .catch((error: unknown) => {
          // Deleted meanwhile.
          if (!(error instanceof ApiError)) throw new Error(messageOf(error), { cause: error });
        });
    }
  }
}

const mostKnown = 50_000;
/** Kinds whose objects take more by a change. */
const changes: ReadonlySet<string> = new Set(['Pod', 'Service', 'PersistentVolumeClaim']);

let counting: readonly Kind[] | undefined;

/** Every kind whose objects lie in namespaces, in its stored version. */
function countedKinds(): readonly Kind[] {
  counting ??= kinds.filter(
    ({ namespaced, virtual, measured, storedAs }) =>
      namespaced && !virtual && !measured && storedAs === undefined,
  );
  return counting;
}

function quotaKind(): Kind {
  const kind = findKind('v1', 'ResourceQuota');
  if (kind === undefined) throw new Error('no kind ResourceQuota');
  return kind;
}
