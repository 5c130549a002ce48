import cluster from './cluster.ts';
import meta from './meta.ts';
import pod from './pod.ts';
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

let known: ReadonlyMap<string, Description> | undefined;

/** What a type is for, as `core.v1.Pod`; empty where nobody has said. */
export function describeType(type: string): string {
  return described().get(type)?.words ?? '';
}

export function describeField(type: string, field: string): string {
  const own = described().get(type)?.fields.get(field);
  // Ephemeral containers are containers, written down twice.
  if (own !== undefined) return own;
  if (type !== 'core.v1.EphemeralContainer') return usual[field] ?? '';
  return describeField('core.v1.Container', field);
}

/** Every type and field that has words: for the test that looks whether they exist. */
export function describedFields(): [type: string, field: string][] {
  return [...described()].flatMap(([type, { fields }]) =>
    [...fields.keys()].map((field): [string, string] => [type, field]),
  );
}

function described(): ReadonlyMap<string, Description> {
  known ??= read([meta, pod, workload, cluster].join('\n'));
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
      fields = new Map();
      types.set(name, { words, fields });
    }
  }
  return types;
}
