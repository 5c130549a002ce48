import { setTimeout as sleep } from 'node:timers/promises';
import { equal, isList, type JsonObject, objectIn, textOf } from '../../api/json.ts';
import type { Kind } from '../../api/kind.ts';
import { findKind } from '../../api/kinds.ts';
import { writeTime } from '../../api/time.ts';
import { cleanup, statusOf } from '../../api/custom/names.ts';
import { revisionOf } from '../object-text.ts';
import { placeOf, type Registry } from '../registry.ts';
import type { Turns } from '../turns.ts';
import type { CustomKinds } from './custom-kinds.ts';

export const definitionKind = 'CustomResourceDefinition';

export interface DefinitionsOptions {
  readonly registry: Registry;
  readonly turns: Turns;
  readonly customs: CustomKinds;
  readonly now: () => Date;
}

interface Begun {
  readonly signal: AbortSignal;
  /** Deletes what there is of a definition's objects; tells whether it is over. */
  readonly empty: (definition: JsonObject) => Promise<boolean>;
}

const retryMs = 1000;
const longestRetryMs = 5000;

/**
 * What definitions are for: whose the names are, which kinds are served, and that the objects of
 * one that is deleted go before it.
 */
export class Definitions {
  readonly #options: DefinitionsOptions;
  readonly #leaving = new Set<string>();
  #begun: Begun | undefined;

  constructor(options: DefinitionsOptions) {
    this.#options = options;
  }

  /** Serves what is stored, and follows what any coordinator changes until the signal. */
  async begin(signal: AbortSignal, empty: Begun['empty']): Promise<void> {
    this.#begun = { signal, empty };
    const after = this.#options.registry.store.revision;
    await this.settle();
    void this.#follow(after, signal);
  }

  /** Looks at all definitions: afterwards each has its names and is served, or says why not. */
  async settle(): Promise<void> {
    const { turns, customs } = this.#options;
    await turns.run('definitions', async () => {
      const definitions = await this.#settled();
      customs.serve(definitions);
      for (const definition of definitions.filter(isLeaving)) this.#seeOff(definition);
    });
  }

  async #settled(): Promise<readonly JsonObject[]> {
    const { registry, now } = this.#options;
    const kind = kindOfDefinitions();
    const stored = await registry.all(kind, '');
    // The older one has the names that two want.
    const definitions = stored.toSorted((a, b) => Number(revisionOf(a)) - Number(revisionOf(b)));
    const time = writeTime(Math.floor(now().getTime() / 1000));
    for (const [index, definition] of definitions.entries()) {
      const group = objectIn(definition, 'spec')['group'];
      const others = definitions.filter(
        (other) => other !== definition && objectIn(other, 'spec')['group'] === group,
      );
      const status = statusOf(definition, others, time);
      if (equal(status, definition['status'])) continue;
      definitions[index] = { ...definition, status };
      await registry
        .update(placeOf(kind, definition), async (old) =>
          // Another one by now is looked at again.
          uidOf(old) === uidOf(definition) && equal(old['spec'], definition['spec'])
            ? { ...old, status }
            : old,
        )
        .catch(() => undefined);
    }
    return definitions;
  }

  async #follow(from: number, signal: AbortSignal): Promise<void> {
    let after = from;
    while (!signal.aborted) {
      try {
        const { store } = this.#options.registry;
        for await (const changes of store.watch(kindOfDefinitions().prefix, { after, signal })) {
          after = changes.at(-1)?.revision ?? after;
          await this.settle();
        }
      } catch {
        // It fell behind, or the store is away: all is read anew, a little later.
        after = this.#options.registry.store.revision;
        await sleep(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
        if (!signal.aborted) await this.settle().catch(() => undefined);
      }
    }
  }

  /** Until its objects are gone, some of which others may hold by finalizers. */
  #seeOff(definition: JsonObject): void {
    const uid = uidOf(definition);
    if (this.#begun === undefined || this.#leaving.has(uid)) return;
    this.#leaving.add(uid);
    void emptied(definition, this.#begun).finally(() => this.#leaving.delete(uid));
  }
}

async function emptied(definition: JsonObject, { signal, empty }: Begun): Promise<void> {
  for (let waitMs = 0; !signal.aborted; waitMs = Math.min(waitMs + retryMs, longestRetryMs)) {
    await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    // A store that is away is asked again.
    if (await empty(definition).catch(() => false)) return;
  }
}

function uidOf(definition: JsonObject): string {
  return textOf(objectIn(definition, 'metadata')['uid']);
}

/** It is deleted, and waits for its objects. */
function isLeaving(definition: JsonObject): boolean {
  const { deletionTimestamp, finalizers } = objectIn(definition, 'metadata');
  return deletionTimestamp !== undefined && isList(finalizers) && finalizers.includes(cleanup);
}

export function kindOfDefinitions(): Kind {
  const kind = findKind('apiextensions.k8s.io/v1', definitionKind);
  if (kind === undefined) throw new Error(`no kind ${definitionKind}`);
  return kind;
}
