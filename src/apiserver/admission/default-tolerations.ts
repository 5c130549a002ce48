import { type Draft, isList, isObject, type Json, type JsonObject } from '../../api/json.ts';

const trouble = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
/** Five minutes for a node to come back, where the pod itself does not say. */
const patience = 300;

/** A pod stays on a node in trouble for a while, unless it says otherwise. */
export function addTolerations(spec: Draft): void {
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
