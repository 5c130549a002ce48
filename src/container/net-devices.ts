import { DomainError, messageOf } from '../base/error.ts';
import * as address from '../netlink/address.ts';
import { open, type Connection } from '../netlink/connection.ts';
import * as link from '../netlink/link.ts';
import type { Spec } from './spec.ts';

export function hasNetDevices({ linux }: Spec): boolean {
  return Object.keys(linux?.netDevices ?? {}).length > 0;
}

/**
 * Moves devices of this network namespace into that of a process, under new names if given, with
 * their permanent addresses of global scope, and up (config-linux.md, network devices). On failure
 * those that were moved are moved back. They go with the namespace later, as the kernel has it.
 */
export async function moveNetDevices(spec: Spec, pid: number): Promise<void> {
  if (!hasNetDevices(spec)) return;
  using outside = await open();
  const namespace = `/proc/${pid}/ns/net`;
  using inside = await open({ namespace });
  await using undo = new AsyncDisposableStack();
  for (const [name, device] of Object.entries(spec.linux?.netDevices ?? {})) {
    const move = { outside, inside, namespace, name, wanted: device.name ?? name };
    try {
      await moveDevice(move, undo);
    } catch (cause) {
      throw new DomainError(
        'invalid',
        `Cannot move network device "${name}": ${messageOf(cause)}`,
        {
          cause,
        },
      );
    }
  }
  undo.move();
}

/** What can be said without looking: names, and that there is a namespace to move to. */
export function checkNetDevices({ linux = {} }: Spec): void {
  const entries = Object.entries(linux.netDevices ?? {});
  if (entries.length === 0) return;
  if (!(linux.namespaces ?? []).some(({ type }) => type === 'network')) {
    throw new DomainError('invalid', 'Network devices need a network namespace to be moved to');
  }
  const taken = new Set<string>();
  for (const [name, device] of entries) {
    const wanted = device.name ?? name;
    for (const each of [name, wanted]) checkName(each);
    if (taken.has(wanted) && !wanted.includes('%')) {
      throw new DomainError('invalid', `Two network devices are to be named "${wanted}"`);
    }
    taken.add(wanted);
  }
}

/** IFNAMSIZ with its NUL, and what dev_valid_name of the kernel takes; `%d` stands for a number. */
function checkName(name: string): void {
  const plain = name.replace('%d', '0');
  const valid = /^[^\s/:%]{1,15}$/.test(plain) && Buffer.byteLength(plain) < 16;
  if (valid && plain !== '.' && plain !== '..') return;
  throw new DomainError('invalid', `"${name}" is no name of a network device`);
}

interface Move {
  readonly outside: Connection;
  readonly inside: Connection;
  readonly namespace: string;
  readonly name: string;
  readonly wanted: string;
}

async function moveDevice(move: Move, undo: AsyncDisposableStack): Promise<void> {
  const { outside, inside, namespace, name, wanted } = move;
  const device = await link.get(outside, name);
  const kept = (await address.list(outside, { device: device.index })).filter(
    ({ flags, scope }) => (flags & address.addressFlag.permanent) !== 0 && scope === 'global',
  );
  const before = await link.list(inside);
  // The kernel would move it first, and then find that it cannot be renamed.
  if (before.some((other) => other.name === wanted)) {
    throw new DomainError('conflict', `"${wanted}" exists there: EEXIST`);
  }
  const arrived = async () => {
    const links = await link.list(inside);
    return links.find(({ index }) => before.every((other) => other.index !== index));
  };
  // A device that is up keeps its neighbours busy while it is nowhere.
  await link.setDown(outside, device.index);
  undo.defer(() => setUpAgain(outside, name, device.up));
  undo.defer(async () => moveBack({ inside, outside, name }, await arrived(), kept));
  await link.setNamespace(outside, device.index, { namespace, name: wanted });
  // Its number may be taken there, and its name a template that the kernel has filled.
  const moved = await arrived();
  if (moved === undefined) throw new DomainError('conflict', 'it did not arrive');
  await restoreAddresses(inside, moved.index, kept);
  await link.setUp(inside, moved.index);
}

async function restoreAddresses(
  connection: Connection,
  index: number,
  kept: readonly address.Address[],
): Promise<void> {
  for (const { address: own, peer, broadcast, metric, flags } of kept) {
    await address.add(connection, {
      device: index,
      address: own,
      scope: 'global',
      noDuplicateDetection: (flags & address.addressFlag.noDuplicateDetection) !== 0,
      noPrefixRoute: (flags & address.addressFlag.noPrefixRoute) !== 0,
      ...(peer !== undefined && { peer }),
      ...(broadcast !== undefined && { broadcast }),
      ...(metric !== undefined && { metric }),
    });
  }
}

async function moveBack(
  { inside, outside, name }: Pick<Move, 'inside' | 'outside' | 'name'>,
  moved: link.Link | undefined,
  kept: readonly address.Address[],
): Promise<void> {
  if (moved === undefined) return;
  await link.setDown(inside, moved.index);
  await link.setNamespace(inside, moved.index, { namespace: '/proc/self/ns/net', name });
  await restoreAddresses(outside, (await link.get(outside, name)).index, kept);
}

async function setUpAgain(connection: Connection, name: string, up: boolean): Promise<void> {
  const device = await link.find(connection, name);
  if (device !== undefined && up) await link.setUp(connection, name);
}
