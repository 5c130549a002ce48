import { type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { entries } from '../../api/validate/check.ts';

const asked: Readonly<Record<string, readonly [field: 'requests' | 'limits', name: string]>> = {
  cpu: ['requests', 'cpu'],
  memory: ['requests', 'memory'],
  'requests.cpu': ['requests', 'cpu'],
  'requests.memory': ['requests', 'memory'],
  'limits.cpu': ['limits', 'cpu'],
  'limits.memory': ['limits', 'memory'],
};

/**
 * What each container has to say so that it can be counted, and does not:
 * `limits.cpu for: a; requests.cpu for: a,b`. Empty when all is said.
 */
export function checkSpecified(pod: JsonObject, resources: readonly string[]): string {
  const spec = objectIn(pod, 'spec');
  const containers = [...entries(spec['containers']), ...entries(spec['initContainers'])];
  const missing = resources.toSorted().flatMap((resource) => {
    const [field, name] = asked[resource] ?? [];
    if (field === undefined || name === undefined) return [];
    const silent = containers.filter(
      (entry) => objectIn(objectIn(entry, 'resources'), field)[name] === undefined,
    );
    const names = silent.map((entry) => textOf(entry['name'])).toSorted();
    return names.length === 0 ? [] : [`${resource} for: ${names.join(',')}`];
  });
  return missing.join('; ');
}
