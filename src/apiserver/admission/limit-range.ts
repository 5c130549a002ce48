import { type Draft, isObject, type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { findKind } from '../../api/kinds.ts';
import { type Amounts, amountsIn } from '../../api/quota/amounts.ts';
import { podAmounts } from '../../api/quota/pod-amounts.ts';
import { formatQuantity, type Quantity } from '../../api/quantity.ts';
import { forbidden } from '../../api/status.ts';
import { entries } from '../../api/validate/check.ts';
import type { Api } from '../api.ts';
import { metadataOf } from '../object-text.ts';
import type { Place } from '../registry.ts';

const annotation = 'kubernetes.io/limit-ranger';
const limited: ReadonlySet<string> = new Set(['Pod', 'PersistentVolumeClaim']);

/** Fills what containers leave out with the namespace's defaults. */
export async function fillLimits(api: Api, { kind, namespace }: Place, pod: Draft): Promise<void> {
  if (kind.builtIn !== 'Pod') return;
  for (const range of await rangesOf(api, namespace)) fillFrom(range, pod);
}

/** Throws `Forbidden` with everything that is beyond the namespace's limits. */
export async function checkLimits(api: Api, place: Place, object: JsonObject): Promise<void> {
  const { kind, namespace, name } = place;
  if (!limited.has(kind.builtIn)) return;
  for (const range of await rangesOf(api, namespace)) {
    const faults = entries(objectIn(range, 'spec')['limits']).flatMap((limit) =>
      kind.builtIn === 'Pod' ? podFaults(limit, object) : claimFaults(limit, object),
    );
    const [first = ''] = faults;
    if (faults.length === 0) continue;
    throw forbidden(kind, name, faults.length === 1 ? first : `[${faults.join(', ')}]`);
  }
}

async function rangesOf({ registry }: Api, namespace: string): Promise<JsonObject[]> {
  const kind = findKind('v1', 'LimitRange');
  return kind === undefined ? [] : await registry.all(kind, namespace);
}

function fillFrom(range: JsonObject, pod: Draft): void {
  const limits = entries(objectIn(range, 'spec')['limits']);
  const own = limits.find(({ type }) => type === 'Container');
  if (own === undefined) return;
  const spec = objectIn(pod, 'spec');
  const done = [
    ...entries(spec['containers']).flatMap((entry) => fillContainer(entry, own, 'container')),
    ...entries(spec['initContainers']).flatMap((entry) =>
      fillContainer(entry, own, 'init container'),
    ),
  ];
  if (done.length === 0) return;
  const metadata = metadataOf(pod);
  const words = `LimitRanger plugin set: ${done.join('; ')}`;
  metadata['annotations'] = { ...objectIn(metadata, 'annotations'), [annotation]: words };
}

/** Tells what it set. */
function fillContainer(container: Draft, limit: JsonObject, what: string): string[] {
  const resources: Draft = { ...objectIn(container, 'resources') };
  const done = (
    [
      ['requests', 'defaultRequest', 'request'],
      ['limits', 'default', 'limit'],
    ] as const
  ).flatMap(([field, from, word]) => {
    const given = objectIn(resources, field);
    const missing = Object.entries(objectIn(limit, from)).filter(
      ([name]) => given[name] === undefined,
    );
    if (missing.length === 0) return [];
    resources[field] = { ...given, ...Object.fromEntries(missing) };
    const names = missing.map(([name]) => name).toSorted();
    return [`${names.join(', ')} ${word} for ${what} ${textOf(container['name'])}`];
  });
  if (done.length > 0) container['resources'] = resources;
  return done;
}

/** What requests and limits are held against. */
interface Demand {
  readonly type: string;
  readonly requests: Amounts;
  readonly limits: Amounts;
}

function podFaults(limit: JsonObject, pod: JsonObject): string[] {
  const type = textOf(limit['type']);
  if (type === 'Pod') {
    const requests = podAmounts(pod, 'requests');
    return demandFaults(limit, { type, requests, limits: podAmounts(pod, 'limits') });
  }
  if (type !== 'Container') return [];
  const spec = objectIn(pod, 'spec');
  const containers = [...entries(spec['containers']), ...entries(spec['initContainers'])];
  return containers.flatMap((container) => {
    const resources = objectIn(container, 'resources');
    const requests = amountsIn(resources['requests']);
    return demandFaults(limit, { type, requests, limits: amountsIn(resources['limits']) });
  });
}

function demandFaults(limit: JsonObject, demand: Demand): string[] {
  const faults: string[] = [];
  for (const [name, least] of sorted(limit['min']))
    faults.push(...belowFaults(demand, name, least));
  for (const [name, most] of sorted(limit['max'])) faults.push(...aboveFaults(demand, name, most));
  for (const [name, ratio] of sorted(limit['maxLimitRequestRatio'])) {
    faults.push(...ratioFaults(demand, name, ratio));
  }
  return faults;
}

function sorted(map: JsonObject[string]): [string, Quantity][] {
  const amounts = [...amountsIn(map)];
  return amounts.toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function belowFaults({ type, requests, limits }: Demand, name: string, least: Quantity): string[] {
  const rule = `minimum ${name} usage per ${type} is ${formatQuantity(least)}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (request === undefined) return [`${rule}.  No request is specified`];
  if (request.nano < least.nano) return [`${rule}, but request is ${formatQuantity(request)}`];
  if (limit === undefined || limit.nano >= least.nano) return [];
  return [`${rule}, but limit is ${formatQuantity(limit)}`];
}

function aboveFaults({ type, requests, limits }: Demand, name: string, most: Quantity): string[] {
  const rule = `maximum ${name} usage per ${type} is ${formatQuantity(most)}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (limit === undefined) return [`${rule}.  No limit is specified`];
  if (limit.nano > most.nano) return [`${rule}, but limit is ${formatQuantity(limit)}`];
  if (request === undefined || request.nano <= most.nano) return [];
  return [`${rule}, but request is ${formatQuantity(request)}`];
}

function ratioFaults({ type, requests, limits }: Demand, name: string, most: Quantity): string[] {
  const rule = `${name} max limit to request ratio per ${type} is ${formatQuantity(most)}`;
  const request = requests.get(name);
  const limit = limits.get(name);
  if (request === undefined || request.nano === 0n) {
    return [`${rule}, but no request is specified or request is 0`];
  }
  if (limit === undefined || limit.nano === 0n) {
    return [`${rule}, but no limit is specified or limit is 0`];
  }
  if (limit.nano * 1_000_000_000n <= most.nano * request.nano) return [];
  const ratio = Number(limit.nano) / Number(request.nano);
  return [`${rule}, but provided ratio is ${ratio.toFixed(6)}`];
}

function claimFaults(limit: JsonObject, claim: JsonObject): string[] {
  const type = textOf(limit['type']);
  if (type !== 'PersistentVolumeClaim') return [];
  const { requests } = objectIn(objectIn(claim, 'spec'), 'resources');
  const given = amountsIn(isObject(requests) ? requests : undefined);
  return [
    ...sorted(limit['min']).flatMap(([name, least]) => {
      const request = given.get(name);
      if (request !== undefined && request.nano >= least.nano) return [];
      return [
        requestFault(`minimum ${name} usage per ${type} is ${formatQuantity(least)}`, request),
      ];
    }),
    ...sorted(limit['max']).flatMap(([name, most]) => {
      const request = given.get(name);
      if (request !== undefined && request.nano <= most.nano) return [];
      return [
        requestFault(`maximum ${name} usage per ${type} is ${formatQuantity(most)}`, request),
      ];
    }),
  ];
}

function requestFault(rule: string, request: Quantity | undefined): string {
  if (request === undefined) return `${rule}.  No request is specified`;
  return `${rule}, but request is ${formatQuantity(request)}`;
}
