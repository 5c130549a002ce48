import { nftables } from '../../src/netlink/index.ts';
import { hostOf, networkOf } from '../prefix.ts';
import type { Family, PortmapConfiguration, PortMapping } from './configuration.ts';
import { generalMap, masqueradeSet, type Slot, specificMap } from './table.ts';

/** One element that an attachment has in a map or set of ours. */
export interface Entry {
  readonly set: nftables.SetDefinition;
  readonly element: nftables.Element;
  /** The mapping it comes from, for messages; absent for those of the masquerade set. */
  readonly mapping?: PortMapping;
  readonly slot?: Slot;
}

export type PodAddresses = Readonly<Record<Family, string | undefined>>;

const families: readonly Family[] = [4, 6];

/** All elements that a pod's mappings are. */
export function planEntries(
  configuration: PortmapConfiguration,
  addresses: PodAddresses,
): readonly Entry[] {
  return families.flatMap((family) => {
    const address = addresses[family];
    if (address === undefined) return [];
    const ports = planPorts(configuration, family).map((entry): Entry => {
      const data = [hostOf(address), entry.mapping?.containerPort ?? 0];
      return { ...entry, element: { ...entry.element, data } };
    });
    const hidden = ports.length > 0 && configuration.snat;
    return hidden ? [...ports, ...planMasquerade(configuration, family, address)] : ports;
  });
}

/** The elements of the mappings by their keys alone, which is all that their removal needs. */
export function planPorts(
  { mappings, conditions }: PortmapConfiguration,
  family: Family,
): readonly Entry[] {
  const slot = { family, conditions: conditions[family] };
  return mappings
    .filter((mapping) => (mapping.family ?? family) === family)
    .map((mapping) => {
      const { hostIp, protocol, hostPort } = mapping;
      return hostIp === undefined
        ? { set: generalMap(slot), element: { key: [protocol, hostPort] }, mapping, slot }
        : { set: specificMap(slot), element: { key: [hostIp, protocol, hostPort] }, mapping, slot };
    });
}

/**
 * A pod on the same bridge would be answered past the host, which then could not translate back;
 * so sources of the pod's whole network are hidden, and those of localhost, which nobody answers.
 */
export function planMasquerade(
  { masqAll }: Pick<PortmapConfiguration, 'masqAll'>,
  family: Family,
  address: string,
): readonly Entry[] {
  const everybody = family === 4 ? '0.0.0.0/0' : '::/0';
  const localhost = family === 4 ? ['127.0.0.0/8'] : [];
  const sources = masqAll ? [everybody] : [networkOf(address), ...localhost];
  return sources.map((source) => ({
    set: masqueradeSet(family),
    element: { key: [source, hostOf(address)] },
  }));
}

/** `8080/tcp of 192.0.2.1`. */
export function describeMapping({ hostPort, protocol, hostIp }: PortMapping): string {
  return `hostPort ${hostPort}/${protocol}${hostIp === undefined ? '' : ` of ${hostIp}`}`;
}
