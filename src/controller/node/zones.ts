import type { Node } from '../stored.ts';
import { readiness } from './health.ts';

/** Nodes driven empty per second where all is well, and where much of a large zone is not. */
const usualPerSecond = 0.1;
const carefulPerSecond = 0.01;
const largeZone = 50;
const disrupted = 0.55;

/**
 * How fast nodes that are not ready may be emptied. When most of a zone is gone it is rather the
 * network to it, and when all zones are gone it is rather this process that is cut off.
 */
export class Zones {
  readonly #last = new Map<string, number>();

  /** How long until this node may be emptied; undefined while its zone may not lose any. */
  waitMs(node: Node, nodes: readonly Node[], nowMs: number): number | undefined {
    const perSecond = rateOf(zoneOf(node), nodes);
    if (perSecond === 0) return undefined;
    const last = this.#last.get(zoneOf(node));
    return last === undefined ? 0 : Math.max(0, last + 1000 / perSecond - nowMs);
  }

  /** A node of the zone is being emptied. */
  spend(node: Node, nowMs: number): void {
    this.#last.set(zoneOf(node), nowMs);
  }
}

/** No zone has a node that is ready: nobody is to be driven away. */
export function isAllLost(nodes: readonly Node[]): boolean {
  return nodes.every((node) => readiness(node) !== 'True');
}

function rateOf(zone: string, nodes: readonly Node[]): number {
  if (isAllLost(nodes)) return 0;
  const members = nodes.filter((node) => zoneOf(node) === zone);
  const lost = members.filter((node) => readiness(node) !== 'True').length;
  if (lost === members.length) return usualPerSecond;
  if (lost > 2 && lost / members.length >= disrupted) {
    return members.length > largeZone ? carefulPerSecond : 0;
  }
  return usualPerSecond;
}

function zoneOf({ metadata }: Node): string {
  const labels = metadata.labels ?? {};
  const region = labels['topology.kubernetes.io/region'] ?? '';
  return `${region}/${labels['topology.kubernetes.io/zone'] ?? ''}`;
}
