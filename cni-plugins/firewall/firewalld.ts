import { DbusConnection, DbusError, systemBusPath } from '../../src/base/dbus-connection.ts';
import type { DbusValue } from '../../src/base/dbus-message.ts';
import { isDomainError, messageOf } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { familyOf } from '../../src/cni/result.ts';
import { hostOf } from '../prefix.ts';

const name = 'org.fedoraproject.FirewallD1';
const zones = {
  destination: name,
  path: '/org/fedoraproject/FirewallD1',
  interface: `${name}.zone`,
} as const;

/** Kept open: each would begin with a greeting. It keeps no process alive. */
let shared: Promise<DbusConnection> | undefined;

/**
 * Whether firewalld has this host's rules. What another table of nf_tables accepts it drops all the
 * same, so pods are let through by it alone.
 */
export async function isFirewalldRunning(): Promise<boolean> {
  try {
    const connection = await bus();
    const [owned] = await connection.call({
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      member: 'NameHasOwner',
      signature: 's',
      body: [name],
    });
    return owned === true;
  } catch (error) {
    // A host without a bus has no firewalld.
    if (isDomainError(error, 'unavailable')) return false;
    throw error;
  }
}

/**
 * Puts the addresses into a zone, until firewalld is started anew.
 * `firewall-cmd --zone ZONE --add-source ADDRESS`. Throws CniError 11 when it does not run.
 */
export async function openByFirewalld(zone: string, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) await ask('addSource', zone, address, /ZONE_ALREADY_SET/);
}

/** Succeeds when an address is in no zone, and when firewalld does not run. */
export async function closeByFirewalld(zone: string, addresses: readonly string[]): Promise<void> {
  if (addresses.length === 0 || !(await isFirewalldRunning())) return;
  for (const address of addresses) {
    await ask('removeSource', zone, address, /UNKNOWN_SOURCE|NOT_ENABLED|ZONE_CONFLICT/);
  }
}

/** Throws CniError 999 for an address that is not in the zone. */
export async function checkFirewalld(zone: string, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const [found] = await ask('querySource', zone, address);
    if (found === true) continue;
    const problem = `"${hostOf(address)}" is not in the zone "${zone}" of firewalld`;
    throw new CniError(CniCode.internal, problem);
  }
}

async function ask(
  member: 'addSource' | 'removeSource' | 'querySource',
  zone: string,
  ...[address, harmless]: [address: string, harmless?: RegExp]
): Promise<readonly DbusValue[]> {
  const source = `${hostOf(address)}/${familyOf(address) === 6 ? 128 : 32}`;
  try {
    const connection = await bus();
    return await connection.call({ ...zones, member, signature: 'ss', body: [zone, source] });
  } catch (error) {
    if (error instanceof DbusError && harmless?.test(error.message) === true) return [];
    const code = error instanceof DbusError ? CniCode.internal : CniCode.tryAgainLater;
    throw new CniError(code, `firewalld does not ${member} ${source}`, messageOf(error));
  }
}

async function bus(): Promise<DbusConnection> {
  const known = await shared?.catch(() => undefined);
  if (known?.open === true) return known;
  shared = DbusConnection.open(systemBusPath());
  return await shared;
}
