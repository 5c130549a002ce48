import type { Labels } from '../../api/selector/label-selector.ts';

/**
 * Takes a node of each zone in turn: a scheduler that looks at the first nodes only would else fill
 * one zone after the other.
 */
export function interleaveZones(
  slots: readonly number[],
  labelsOf: (slot: number) => Labels,
): Int32Array<ArrayBuffer> {
  const zones = new Map<string, number[]>();
  for (const slot of slots) {
    const zone = zoneOf(labelsOf(slot));
    const members = zones.get(zone);
    if (members === undefined) zones.set(zone, [slot]);
    else members.push(slot);
  }
  const lists = [...zones.values()];
  const order = new Int32Array(slots.length);
  let at = 0;
  for (let round = 0; at < order.length; round += 1) {
    for (const list of lists) {
      const slot = list[round];
      if (slot !== undefined) order[at++] = slot;
    }
  }
  return order;
}

function zoneOf(labels: Labels): string {
  const region =
    labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'];
  const zone =
    labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'];
  return `${region ?? ''}\n${zone ?? ''}`;
}
