import type { Node } from '../../api/types/generated/core-v1.ts';
import { canonicalAddress } from './usable-address.ts';

/** What of this node decides where its Services lead. */
export interface NodeView {
  readonly name: string;
  /** Topology zone, for the hints of endpoint slices; empty when it has none. */
  readonly zone: string;
  /** Where node ports are served; never a loopback address. */
  readonly addresses: readonly string[];
  /** The addresses of this node's pods; none when they are not known yet. */
  readonly podCidrs: readonly string[];
  /** Where the cluster's own addresses of Services come from; one of another range counts too. */
  readonly serviceCidrs: readonly string[];
  /** What the node answers itself whoever claims it: the address of its DNS server. */
  readonly ownAddresses: readonly string[];
}

const zoneLabel = 'topology.kubernetes.io/zone';

/** The part of the view that stands in the Node object. */
export function readNode(node: Node | undefined): Pick<NodeView, 'zone' | 'podCidrs'> {
  const { podCIDRs, podCIDR } = node?.spec ?? {};
  const cidrs = podCIDRs ?? (podCIDR === undefined ? [] : [podCIDR]);
  return {
    zone: node?.metadata?.labels?.[zoneLabel] ?? '',
    podCidrs: cidrs.filter((cidr) => canonicalAddress(cidr.split('/')[0] ?? '') !== undefined),
  };
}

/** Whether two views lead to the same plans. */
export function sameView(one: NodeView, other: NodeView): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
