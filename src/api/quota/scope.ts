import { isList, isObject, type Json, type JsonObject, objectIn, textOf } from '../json.ts';
import type { Kind } from '../kind.ts';
import { entries } from '../validate/check.ts';

/** Whether a quota is about an object: its scopes, which only pods have, all hold. */
export function isInScope(quota: JsonObject, kind: Kind, object: JsonObject): boolean {
  const spec = objectIn(quota, 'spec');
  const scopes = isList(spec['scopes']) ? spec['scopes'] : [];
  const expressions = entries(objectIn(spec, 'scopeSelector')['matchExpressions']);
  if (scopes.length + expressions.length === 0) return true;
  if (kind.builtIn !== 'Pod') return false;
  return (
    scopes.every((scope) => holds(object, textOf(scope))) &&
    expressions.every((expression) => matches(object, expression))
  );
}

function matches(pod: JsonObject, { scopeName, operator, values }: JsonObject): boolean {
  const scope = textOf(scopeName);
  if (scope !== 'PriorityClass') return holds(pod, scope);
  const name = textOf(objectIn(pod, 'spec')['priorityClassName']);
  const listed = isList(values) && values.includes(name);
  switch (operator) {
    case 'In':
      return listed;
    case 'NotIn':
      return !listed;
    case 'DoesNotExist':
      return name === '';
    default:
      return name !== '';
  }
}

function holds(pod: JsonObject, scope: string): boolean {
  const spec = objectIn(pod, 'spec');
  switch (scope) {
    case 'Terminating':
      return typeof spec['activeDeadlineSeconds'] === 'number';
    case 'NotTerminating':
      return spec['activeDeadlineSeconds'] === undefined;
    case 'BestEffort':
      return isBestEffort(spec);
    case 'NotBestEffort':
      return !isBestEffort(spec);
    case 'PriorityClass':
      return textOf(spec['priorityClassName']) !== '';
    case 'CrossNamespacePodAffinity':
      return reachesOut(spec);
    default:
      return false;
  }
}

function isBestEffort(spec: JsonObject): boolean {
  const containers = [...entries(spec['containers']), ...entries(spec['initContainers'])];
  return !containers.some((container) => {
    const resources = objectIn(container, 'resources');
    return ['requests', 'limits'].some((field) =>
      ['cpu', 'memory'].some((name) => objectIn(resources, field)[name] !== undefined),
    );
  });
}

function reachesOut(spec: JsonObject): boolean {
  const affinity = objectIn(spec, 'affinity');
  const terms = ['podAffinity', 'podAntiAffinity'].flatMap((field) => {
    const own = objectIn(affinity, field);
    const preferred = entries(own['preferredDuringSchedulingIgnoredDuringExecution']);
    const weighed = preferred.map((entry) => objectIn(entry, 'podAffinityTerm'));
    return [...entries(own['requiredDuringSchedulingIgnoredDuringExecution']), ...weighed];
  });
  return terms.some(
    ({ namespaces, namespaceSelector }) => isFilled(namespaces) || isObject(namespaceSelector),
  );
}

function isFilled(list: Json | undefined): boolean {
  return isList(list) && list.length > 0;
}
