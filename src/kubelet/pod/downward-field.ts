import { DomainError } from '../../base/error.ts';
import { milliValue, parseQuantity, wholeValue } from '../../api/quantity.ts';
import type { Container, Pod, ResourceFieldSelector } from '../../api/types/generated/core-v1.ts';

const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/;

/**
 * The value of a pod's field as environment variables and downward files have it, addresses as of
 * its status. Throws DomainError `invalid` for a path that is not offered.
 */
export function fieldValue(pod: Pod, path: string): string {
  const { metadata, spec, status } = pod;
  const keyed = subscript.exec(path);
  if (keyed !== null) {
    const map = keyed[1] === 'labels' ? metadata.labels : metadata.annotations;
    return map?.[keyed[2] ?? ''] ?? '';
  }
  const values: Readonly<Record<string, () => string>> = {
    'metadata.name': () => metadata.name ?? '',
    'metadata.namespace': () => metadata.namespace ?? '',
    'metadata.uid': () => metadata.uid ?? '',
    'metadata.labels': () => mapText(metadata.labels),
    'metadata.annotations': () => mapText(metadata.annotations),
    'spec.nodeName': () => spec.nodeName ?? '',
    'spec.serviceAccountName': () => spec.serviceAccountName ?? '',
    'status.hostIP': () => status?.hostIP ?? '',
    'status.hostIPs': () => (status?.hostIPs ?? []).map(({ ip }) => ip).join(','),
    'status.podIP': () => status?.podIP ?? '',
    'status.podIPs': () => (status?.podIPs ?? []).map(({ ip }) => ip).join(','),
  };
  const value = Object.hasOwn(values, path) ? values[path] : undefined;
  if (value === undefined) throw new DomainError('invalid', `unsupported fieldPath: ${path}`);
  return value();
}

/** One line for each, in order: `app="web"`. */
function mapText(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

/**
 * A container's limit or request in the divisor's unit, rounded up. A limit that is not set is what
 * the node has: `allocatable` by resource name.
 */
export function resourceValue(
  container: Container,
  { resource, divisor }: ResourceFieldSelector,
  allocatable: ReadonlyMap<string, string>,
): string {
  const [list, name] = splitOnce(resource);
  const { limits, requests } = container.resources ?? {};
  if (list !== 'limits' && list !== 'requests') {
    throw new DomainError('invalid', `unsupported container resource : ${resource}`);
  }
  const set = list === 'limits' ? limits?.[name] : requests?.[name];
  const text = set ?? (list === 'limits' ? allocatable.get(name) : undefined) ?? '0';
  const unit = divisor === undefined || divisor === '0' ? '1' : divisor;
  const [amount, size] = [parseQuantity(text), parseQuantity(unit)];
  const count = (value: typeof amount) => (name === 'cpu' ? milliValue(value) : wholeValue(value));
  return String(Math.ceil(count(amount) / Math.max(count(size), 1)));
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf('.');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
