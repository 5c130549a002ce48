import { type JsonObject, textOf } from '../../../api/json.ts';
import type { Kind } from '../../../api/kind.ts';
import { findKind } from '../../../api/kinds.ts';
import { metadataOf } from '../../object-text.ts';
import type { Registry } from '../../registry.ts';

/** What a token names, looked up as it is now. */
export class KnownObjects {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  find(kind: BoundKind, namespace: string, name: string): Promise<JsonObject | undefined> {
    if (!isPathPart(name) || (namespace !== '' && !isPathPart(namespace))) {
      return Promise.resolve(undefined);
    }
    return this.#registry.find({ kind: bound[kind], namespace, name });
  }
}

export type BoundKind = 'ServiceAccount' | 'Pod' | 'Secret' | 'Node';

const bound: Readonly<Record<BoundKind, Kind>> = {
  ServiceAccount: kindOf('ServiceAccount'),
  Pod: kindOf('Pod'),
  Secret: kindOf('Secret'),
  Node: kindOf('Node'),
};

export function uidOf(object: JsonObject): string {
  return textOf(metadataOf(object)['uid']);
}

/** Milliseconds since 1970; undefined when it is not being deleted. */
export function deletionOf(object: JsonObject): number | undefined {
  const text = textOf(metadataOf(object)['deletionTimestamp']);
  return text === '' ? undefined : Date.parse(text);
}

/** A name from a token must not lead to another object's key. */
function isPathPart(name: string): boolean {
  return /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name);
}

function kindOf(name: string): Kind {
  const kind = findKind('v1', name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}
