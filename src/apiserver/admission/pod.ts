import { type Draft, type JsonObject, textOf } from '../../api/json.ts';
import type { Kind } from '../../api/kind.ts';
import { findKind } from '../../api/kinds.ts';
import { forbidden } from '../../api/status.ts';
import type { Api } from '../api.ts';
import { metadataOf } from '../object-text.ts';
import { addTolerations } from './default-tolerations.ts';
import type { Place } from '../registry.ts';

const systemPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

/** Tolerations and priority, where a new pod does not say. */
export async function admitPod(api: Api, place: Place, pod: Draft): Promise<void> {
  const spec = pod['spec'] as Draft;
  addTolerations(spec);
  await addPriority(api, place, spec);
}

async function addPriority(api: Api, place: Place, spec: Draft): Promise<void> {
  const found = await findClass(api, place, textOf(spec['priorityClassName']));
  const { priority } = spec;
  if (typeof priority === 'number' && priority !== found.value) {
    const why =
      `the integer value of priority (${priority}) must not be provided in pod spec; priority ` +
      `admission controller computed ${found.value} from the given PriorityClass name`;
    throw forbidden(place.kind, place.name, why);
  }
  if (found.name !== '') spec['priorityClassName'] = found.name;
  spec['priority'] = found.value;
  spec['preemptionPolicy'] ??= found.preemptionPolicy;
}

interface FoundClass {
  readonly name: string;
  readonly value: number;
  readonly preemptionPolicy: string;
}

async function findClass({ registry }: Api, place: Place, name: string): Promise<FoundClass> {
  const kind = kindOf('PriorityClass', 'scheduling.k8s.io/v1');
  const found =
    name === ''
      ? defaultClass(await registry.all(kind, ''))
      : await registry.find({ kind, namespace: '', name });
  if (found !== undefined) {
    return {
      name: textOf(metadataOf(found)['name']),
      value: typeof found['value'] === 'number' ? found['value'] : 0,
      preemptionPolicy: textOf(found['preemptionPolicy']) || 'PreemptLowerPriority',
    };
  }
  const known = name === '' ? 0 : systemPriorities[name];
  if (known === undefined) {
    const why = `no PriorityClass with name ${name} was found`;
    throw forbidden(place.kind, place.name, why);
  }
  return { name, value: known, preemptionPolicy: 'PreemptLowerPriority' };
}

/** Of several that say so, the one that disturbs least. */
function defaultClass(classes: readonly JsonObject[]): JsonObject | undefined {
  const own = classes.filter((entry) => entry['globalDefault'] === true);
  return own.toSorted((left, right) => Number(left['value']) - Number(right['value']))[0];
}

function kindOf(name: string, apiVersion = 'v1'): Kind {
  const kind = findKind(apiVersion, name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}
