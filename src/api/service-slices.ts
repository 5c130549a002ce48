import type { EndpointSlice } from './types/generated/discovery-v1.ts';

/** On a slice, the name of the Service whose endpoints it has. */
export const serviceNameLabel = 'kubernetes.io/service-name';

/** `default/web`; empty for a slice that belongs to no Service. */
export function serviceKeyOf({ metadata }: Pick<EndpointSlice, 'metadata'>): string {
  const name = metadata.labels?.[serviceNameLabel];
  return name === undefined ? '' : `${metadata.namespace ?? ''}/${name}`;
}
