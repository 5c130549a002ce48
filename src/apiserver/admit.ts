import { type Draft, isList, isObject, type Json, type JsonObject, textOf } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import { findKind } from '../api/kinds.ts';
import { forbidden, notFound } from '../api/status.ts';
import type { Api } from './api.ts';
import { isDeleting } from './metadata.ts';
import type { Place } from './registry.ts';

const namespaces = kindOf('Namespace');

/** Five minutes for a node to come back, where the pod itself does not say. */
const patience = 300;
const trouble = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

const systemPriorities: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

/** A namespace has to be there, and not about to go. */
export async function admitNamespace({ registry }: Api, place: Place): Promise<void> {
  if (!place.kind.namespaced || place.kind.virtual) return;
  const namespace = await registry.find({ kind: namespaces, namespace: '', name: place.namespace });
  if (namespace === undefined) throw notFound(namespaces, place.namespace);
  if (!isDeleting(namespace)) return;
  const { namespace: name } = place;
  const why = `unable to create new content in namespace ${name} because it is being terminated`;
  throw forbidden(place.kind, place.name, why);
}

/** What a new pod gets besides its defaults. */
export async function admitPod(api: Api, pod: Draft): Promise<void> {
  const spec = pod['spec'] as Draft;
  spec['serviceAccountName'] ??= 'default';
  spec['serviceAccount'] = spec['serviceAccountName'];
  addTolerations(spec);
  await addPriority(api, spec);
}

function addTolerations(spec: Draft): void {
  const tolerations: Json[] = isList(spec['tolerations']) ? [...spec['tolerations']] : [];
  for (const key of trouble) {
    if (tolerations.some((entry) => isObject(entry) && tolerates(entry, key))) continue;
    tolerations.push({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: patience });
  }
  spec['tolerations'] = tolerations;
}

function tolerates({ key, effect }: JsonObject, wanted: string): boolean {
  const named = key === undefined || key === '' || key === wanted;
  return named && (effect === undefined || effect === '' || effect === 'NoExecute');
}

async function addPriority(api: Api, spec: Draft): Promise<void> {
  const name = textOf(spec['priorityClassName']);
  const known = name === '' ? undefined : systemPriorities[name];
  if (known !== undefined) {
    spec['priority'] = known;
    spec['preemptionPolicy'] ??= 'PreemptLowerPriority';
    return;
  }
  const kind = kindOf('PriorityClass', 'scheduling.k8s.io/v1');
  const found = name === '' ? undefined : await api.registry.find({ kind, namespace: '', name });
  if (name !== '' && found === undefined) {
    const why = `no PriorityClass with name ${name} was found`;
    throw forbidden(kindOf('Pod'), '', why);
  }
  spec['priority'] = found?.['value'] ?? 0;
  spec['preemptionPolicy'] ??= found?.['preemptionPolicy'] ?? 'PreemptLowerPriority';
}

function kindOf(name: string, apiVersion = 'v1'): Kind {
  const kind = findKind(apiVersion, name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}
