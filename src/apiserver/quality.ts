import { isList, isObject, type JsonObject, objectIn } from '../api/json.ts';

const measured = ['cpu', 'memory'] as const;

/** Guaranteed where every container has limits and requests all of them; best effort with none. */
export function qualityOf(pod: JsonObject): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const spec = objectIn(pod, 'spec');
  const containers = [spec['containers'], spec['initContainers']].flatMap((list) =>
    isList(list) ? list.filter((entry) => isObject(entry)) : [],
  );
  const resources = containers.map((container) => objectIn(container, 'resources'));
  if (!resources.some(isBounded)) return 'BestEffort';
  return resources.every(isReserved) ? 'Guaranteed' : 'Burstable';
}

function isBounded(resources: JsonObject): boolean {
  return ['requests', 'limits'].some((field) =>
    measured.some((name) => objectIn(resources, field)[name] !== undefined),
  );
}

function isReserved(resources: JsonObject): boolean {
  return measured.every((name) => {
    const limit = objectIn(resources, 'limits')[name];
    return limit !== undefined && limit === (objectIn(resources, 'requests')[name] ?? limit);
  });
}
