import { type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { apiVersionOf, type Kind } from '../../api/kind.ts';
import { findKind, findResource, kinds } from '../../api/kinds.ts';
import {
  hasCondition,
  isEstablished,
  kindsOfDefinition,
} from '../../api/custom/kinds-of-definition.ts';

interface Known {
  /** As it is now; what its kinds are made of is as it was. */
  definition: JsonObject;
  readonly replaced: AbortController;
  readonly kinds: readonly Kind[];
}

/** Within this time a watch tells what came before it ends. */
const tellMs = 2000;

/** The kinds that are served: those of these sources, and those that definitions have made. */
export class CustomKinds {
  readonly #known = new Map<string, Known>();
  #all: readonly Kind[] = kinds;
  #byName = new Map<string, Kind>();
  #byResource = new Map<string, Kind>();

  /** Another list whenever there is another kind, and only then. */
  get all(): readonly Kind[] {
    return this.#all;
  }

  /** One of each definition, in the version that is stored. */
  get stored(): readonly Kind[] {
    return [...this.#known.values()].flatMap((known) => known.kinds[0]?.custom?.stored ?? []);
  }

  find(apiVersion: string, kind: string): Kind | undefined {
    return findKind(apiVersion, kind) ?? this.#byName.get(`${apiVersion}/${kind}`);
  }

  findResource(apiVersion: string, plural: string): Kind | undefined {
    return findResource(apiVersion, plural) ?? this.#byResource.get(`${apiVersion}/${plural}`);
  }

  /** Serves what these definitions say, and nothing of any other. */
  serve(definitions: readonly JsonObject[]): void {
    const before = new Map(this.#known);
    this.#known.clear();
    for (const definition of definitions.filter(isEstablished)) {
      const name = textOf(objectIn(definition, 'metadata')['name']);
      const known = before.get(name);
      const isSame = known !== undefined && contentOf(known.definition) === contentOf(definition);
      if (isSame) known.definition = definition;
      this.#known.set(name, isSame ? known : knownOf(definition));
      if (isSame) before.delete(name);
    }
    const hasChanged =
      before.size > 0 ||
      [...this.#known.values()].some(
        ({ kinds: [kind] }) => kind !== undefined && this.#byName.get(nameOf(kind)) !== kind,
      );
    if (!hasChanged) return;
    const made = [...this.#known.values()].flatMap((known) => known.kinds);
    this.#all = made.length === 0 ? kinds : [...kinds, ...made];
    this.#byName = new Map(made.map((kind) => [nameOf(kind), kind]));
    this.#byResource = new Map(made.map((kind) => [`${apiVersionOf(kind)}/${kind.plural}`, kind]));
    // Who watches begins again with the new kind; of one that is gone he is first told the end.
    for (const [name, { replaced }] of before) {
      if (this.#known.has(name)) replaced.abort();
      else setTimeout(() => replaced.abort(), tellMs).unref();
    }
  }
}

function nameOf(kind: Kind): string {
  return `${apiVersionOf(kind)}/${kind.kind}`;
}

function knownOf(definition: JsonObject): Known {
  const replaced = new AbortController();
  const known: Known = {
    definition,
    replaced,
    kinds: kindsOfDefinition(definition, {
      replaced: replaced.signal,
      isTerminating: () => hasCondition(known.definition, 'Terminating'),
    }),
  };
  return known;
}

/** What its kinds are made of. */
function contentOf(definition: JsonObject): string {
  const { uid } = objectIn(definition, 'metadata');
  const { acceptedNames } = objectIn(definition, 'status');
  return JSON.stringify([uid, definition['spec'], acceptedNames]);
}
