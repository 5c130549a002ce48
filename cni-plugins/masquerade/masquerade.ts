import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { Fields, JsonObject } from '../../src/cni/json.ts';
import type { AttachmentKey } from '../../src/cni/result-cache.ts';
import type { Owner } from '../owner.ts';
import { all } from '../undo.ts';
import {
  addIptablesMasquerade,
  collectIptablesMasquerade,
  hasIptablesMasquerade,
  removeIptablesMasquerade,
} from './iptables.ts';
import * as nft from './nftables.ts';

export const masqueradeBackends = ['nftables', 'iptables'] as const;
export type MasqueradeBackend = (typeof masqueradeBackends)[number];

/** Whose packets leave the host in its own address, and by whose rules. */
export interface Masquerade {
  readonly owner: Owner;
  /** With the prefix length of the network within which they stay as they are. */
  readonly addresses: readonly string[];
  readonly backend: MasqueradeBackend;
}

/**
 * Reads `ipMasq` and `ipMasqBackend`; undefined when it is off. By default nftables, which starts
 * no program; the reference prefers iptables where it is installed. Throws CniError 7.
 */
export function masqueradeBackendIn(fields: Fields): MasqueradeBackend | undefined {
  const text = fields.string('ipMasqBackend') || 'nftables';
  const backend = masqueradeBackends.find((name) => name === text);
  if (backend === undefined) {
    throw new CniError(CniCode.invalidConfiguration, `unknown ipmasq backend "${text}"`);
  }
  return fields.boolean('ipMasq') ? backend : undefined;
}

/** Idempotent. Equivalent: `nft add element inet keelson_masquerade pods4_NETWORK { ADDRESS }`. */
export async function addMasquerade({ owner, addresses, backend }: Masquerade): Promise<void> {
  if (backend === 'iptables') await addIptablesMasquerade(owner, addresses);
  else await nft.addMasquerade(owner, addresses);
}

/** Succeeds when there is nothing. */
export async function removeMasquerade(owner: Owner, backend: MasqueradeBackend): Promise<void> {
  await all(
    () => nft.removeMasquerade(owner),
    async () => {
      if (backend === 'iptables') await removeIptablesMasquerade(owner);
    },
  );
}

/** Removes what belongs to no valid attachment. */
export async function collectMasquerade(
  networkName: string,
  valid: readonly AttachmentKey[],
  backend: MasqueradeBackend,
): Promise<void> {
  await all(
    () => nft.collectMasquerade(networkName, valid),
    async () => {
      if (backend === 'iptables') await collectIptablesMasquerade(networkName, valid);
    },
  );
}

/** For DEL and GC, also when the configuration says no more that addresses are masqueraded. */
export function lastingBackend(config: JsonObject): MasqueradeBackend {
  return config['ipMasqBackend'] === 'iptables' ? 'iptables' : 'nftables';
}

/** CHECK: throws CniError when an address is not masqueraded. */
export async function checkMasquerade({ owner, addresses, backend }: Masquerade): Promise<void> {
  const has = backend === 'iptables' ? hasIptablesMasquerade : nft.hasMasquerade;
  if (await has(owner, addresses)) return;
  throw new CniError(
    CniCode.internal,
    `Addresses ${addresses.join(', ')} of "${owner.containerId}" are not masqueraded`,
  );
}
