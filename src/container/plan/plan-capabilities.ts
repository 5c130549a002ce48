import { capabilityMask } from '../../kernel/capability.ts';
import { operation, type CapabilityMasks, type Operation } from '../../kernel/operation.ts';
import type { CapabilitySets } from '../spec.ts';

/**
 * The five sets; what is not given is empty, inheritable above all (CVE-2022-29162). What the
 * runtime itself does not have cannot be given on, and is left out as runc does.
 */
export function capabilityOperations(
  sets: CapabilitySets = {},
  available: bigint,
): { readonly bounding: Operation; readonly rest: Operation } {
  const mask = (names: readonly string[] = []): bigint => capabilityMask(names) & available;
  const permitted = mask(sets.permitted);
  const inheritable = mask(sets.inheritable);
  const masks: CapabilityMasks = {
    effective: mask(sets.effective) & permitted,
    permitted,
    inheritable,
    ambient: mask(sets.ambient) & permitted & inheritable,
  };
  return {
    bounding: operation.bounding(capabilityMask(sets.bounding ?? [])),
    rest: operation.capabilities(masks),
  };
}
