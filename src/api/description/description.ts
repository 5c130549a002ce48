import { messageType } from '../schema/schema.ts';
import cluster from './cluster.ts';
import definition from './definition.ts';
import meta from './meta.ts';
import pod from './pod.ts';
import detail from './detail.ts';
import shared from './field.ts';
import rollout from './rollout.ts';
import traffic from './traffic.ts';
import volume from './volume.ts';
import workload from './workload.ts';

interface Description {
  readonly words: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** What every kind has, unless it says more. */
const usual: Readonly<Record<string, string>> = {
  metadata: 'Name, namespace, labels and what else every object has.',
  spec: 'What is wanted.',
  status: 'What was seen of it.',
};

let common: ReadonlyMap<string, string> | undefined;
let known: ReadonlyMap<string, Description> | undefined;

/** What a type is for, as `core.v1.Pod`; empty where nobody has said. */
export function describeType(type: string): string {
  return described().get(type)?.words ?? '';
}

/** What a field is for; of those that stand among another type's fields, as that type says. */
export function describeField(type: string, field: string): string {
  const own = described().get(type)?.fields.get(field);
  if (own !== undefined) return own;
  // Ephemeral containers are containers, written down twice.
  if (type.startsWith('core.v1.EphemeralContainer')) {
    const words = described().get('core.v1.Container')?.fields.get(field);
    if (words !== undefined) return words;
  }
  for (const { inline, message } of messageType(type).fields) {
    if (!inline || message === undefined || !message.byName.has(field)) continue;
    return describeField(message.name, field);
  }
  return usual[field] ?? sharedFields().get(field) ?? '';
}

/** Every type and field that has words: for the test that looks whether they exist. */
export function describedFields(): [type: string, field: string][] {
  return [...described()].flatMap(([type, { fields }]) =>
    [...fields.keys()].map((field): [string, string] => [type, field]),
  );
}

/** By name alone, the fields that mean the same in every type. */
export function sharedFields(): ReadonlyMap<string, string> {
  common ??= read(shared).get('any.Field')?.fields;
  return common ?? new Map();
}

function described(): ReadonlyMap<string, Description> {
  const all = [meta, pod, workload, cluster, definition, volume, detail, rollout, traffic];
  known ??= read(all.join('\n'));
  return known;
}

function read(text: string): ReadonlyMap<string, Description> {
  const types = new Map<string, Description>();
  let fields = new Map<string, string>();
  // Four spaces go on with the line before.
  for (const line of text.replaceAll('\n    ', ' ').split('\n')) {
    const at = line.indexOf(': ');
    if (at < 0) continue;
    const [name, words] = [line.slice(0, at).trim(), line.slice(at + 2)];
    if (line.startsWith(' ')) fields.set(name, words);
    else {
      // More about a type may stand elsewhere; the first words about the type itself hold.
      const before = types.get(name);
      fields = new Map(before?.fields);
      types.set(name, { words: before?.words ?? words, fields });
    }
  }
  return types;
}
