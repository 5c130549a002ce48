import type { Service } from '../../api/types/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/types/generated/discovery-v1.ts';
import { canonicalAddress } from '../services/usable-address.ts';

/** An endpoint of a headless Service, by the name that it has below the Service's. */
export interface EndpointRecord {
  readonly hostname: string;
  readonly addresses: readonly string[];
  readonly ports: readonly PortRecord[];
}

export interface PortRecord {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

/** What DNS knows of a Service: little enough to be kept on disk. */
export interface ServiceRecord {
  readonly namespace: string;
  readonly name: string;
  /** Of ExternalName Services, in lower case and without a last dot. */
  readonly externalName?: string;
  readonly addresses: readonly string[];
  readonly ports: readonly PortRecord[];
  /** Of headless Services. */
  readonly endpoints?: readonly EndpointRecord[];
}

/** Pure: the same objects give the same record. */
export function recordOf(service: Service, slices: readonly EndpointSlice[]): ServiceRecord {
  const { metadata, spec } = service;
  const at = { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
  if (spec.type === 'ExternalName') {
    const externalName = (spec.externalName ?? '').toLowerCase().replace(/\.$/, '');
    return { ...at, externalName, addresses: [], ports: [] };
  }
  const headless = spec.clusterIP === 'None';
  const ports = (spec.ports ?? []).map(({ name = '', protocol = 'TCP', port }) => ({
    name: name.toLowerCase(),
    protocol: protocol.toLowerCase(),
    port,
  }));
  const addresses = (spec.clusterIPs ?? [spec.clusterIP ?? '']).flatMap(
    (address) => canonicalAddress(address) ?? [],
  );
  if (!headless) return { ...at, addresses, ports };
  return { ...at, addresses: [], ports, endpoints: slices.flatMap(endpointsOf) };
}

function endpointsOf(slice: EndpointSlice): EndpointRecord[] {
  const ports = (slice.ports ?? []).flatMap(({ name = '', protocol = 'TCP', port }) =>
    port === undefined
      ? []
      : [{ name: name.toLowerCase(), protocol: protocol.toLowerCase(), port }],
  );
  return (slice.endpoints ?? []).flatMap(({ addresses: texts, hostname, conditions }) => {
    const addresses = texts.flatMap((address) => canonicalAddress(address) ?? []);
    const [first] = addresses;
    if (first === undefined || conditions?.ready === false) return [];
    // Without a hostname it is called by its address, as CoreDNS does.
    return [{ hostname: hostname?.toLowerCase() ?? dashed(first), addresses, ports }];
  });
}

function dashed(address: string): string {
  return address.replaceAll(/[.:]/g, '-');
}
