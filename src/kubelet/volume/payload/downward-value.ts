import { DomainError } from '../../../base/error.ts';
import { own } from '../../../base/own.ts';
import { milliValue, parseQuantity, type Quantity, wholeValue } from '../../../api/quantity.ts';
import type { Pod, ResourceFieldSelector } from '../../../api/types/generated/core-v1.ts';
import { quote } from './quote.ts';

/** `metadata.labels['app']` */
const subscripted = /^metadata\.(annotations|labels)\['(.*)'\]$/;

/**
 * A field of the pod as a volume shows it: metadata alone, for what else there is changes without
 * the pod's knowing. Throws `invalid`.
 */
export function downwardField({ metadata }: Pod, fieldPath: string): string {
  const [, map, key = ''] = subscripted.exec(fieldPath) ?? [];
  if (map === 'annotations') return own(metadata.annotations ?? {}, key) ?? '';
  if (map === 'labels') return own(metadata.labels ?? {}, key) ?? '';
  switch (fieldPath) {
    case 'metadata.annotations':
      return lines(metadata.annotations);
    case 'metadata.labels':
      return lines(metadata.labels);
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    default:
      throw new DomainError('invalid', `unsupported fieldPath: ${fieldPath}`);
  }
}

function lines(map: Readonly<Record<string, string>> = {}): string {
  const entries = Object.entries(map).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return entries.map(([key, value]) => `${key}=${quote(value)}`).join('\n');
}

/**
 * A container's request or limit in units of the divisor, rounded up. A limit that is not set is
 * what the node has. Throws `invalid`.
 */
export function downwardResource(
  pod: Pod,
  { containerName = '', resource, divisor = '0' }: ResourceFieldSelector,
  allocatable: ReadonlyMap<string, string>,
): string {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const container = all.find(({ name }) => name === containerName);
  if (container === undefined) {
    throw new DomainError('invalid', `container ${containerName} not found`);
  }
  const { kind = '', name = '' } =
    /^(?<kind>limits|requests)\.(?<name>.+)$/.exec(resource)?.groups ?? {};
  if (!/^(cpu|memory|ephemeral-storage|hugepages-.+)$/.test(name)) {
    throw new DomainError('invalid', `unsupported container resource : ${resource}`);
  }
  const { limits = {}, requests = {} } = container.resources ?? {};
  const asked = kind === 'limits' ? own(limits, name) : (own(requests, name) ?? own(limits, name));
  const fallback = kind === 'limits' ? allocatable.get(name) : undefined;
  const amount = nonZero(asked) ?? fallback ?? '0';
  return divide(parseQuantity(amount), parseQuantity(nonZero(divisor) ?? '1'), name);
}

function nonZero(text: string | undefined): string | undefined {
  return text === undefined || parseQuantity(text).nano === 0n ? undefined : text;
}

function divide(amount: Quantity, divisor: Quantity, name: string): string {
  const value = name === 'cpu' ? milliValue : wholeValue;
  return String(Math.ceil(value(amount) / value(divisor)));
}
