import { fitsClaim, isReservedFor } from '../../api/fits-claim.ts';
import { parseQuantity } from '../../api/quantity.ts';
import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import { fitsTerm } from '../daemon-set/node-fit.ts';
import type { Claim, Node, Volume } from '../stored.ts';

/** Where a volume has to be reachable; undefined where it does not matter yet. */
export interface Choice {
  readonly node: Node | undefined;
  /** The node is not known yet: only a volume that was reserved for the claim will do. */
  readonly waitsForNode: boolean;
}

/**
 * The volume to bind a claim to: one that was reserved for it, else the smallest that holds it;
 * of equals the first by name, so that everybody finds the same.
 */
export function matchVolume(
  claim: Claim,
  volumes: readonly Volume[],
  { node, waitsForNode }: Choice,
): Volume | undefined {
  const fitting = volumes.filter((volume) => fitsClaim(volume, claim) && reaches(volume, node));
  const reserved = fitting.find((volume) => isReserved(volume, claim));
  if (reserved !== undefined || waitsForNode) return reserved;
  const free = fitting.filter(
    ({ spec, status }) => spec.claimRef === undefined && status?.phase === 'Available',
  );
  const [smallest] = free.toSorted(
    (left, right) => order(sizeOf(left), sizeOf(right)) || order(nameOf(left), nameOf(right)),
  );
  return smallest;
}

function isReserved(volume: Volume, claim: Claim): boolean {
  return volume.spec.claimRef !== undefined && isReservedFor(volume, claim);
}

/** Whether what a node runs can use the volume. */
export function reaches({ spec }: coreV1.PersistentVolume, node: Node | undefined): boolean {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms;
  if (terms === undefined || node === undefined) return true;
  return terms.some((term) => fitsTerm(term, node));
}

function sizeOf({ spec }: Volume): bigint {
  return parseQuantity(spec.capacity?.['storage'] ?? '0').nano;
}

function nameOf({ metadata }: Volume): string {
  return metadata.name;
}

function order<T extends string | bigint>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
