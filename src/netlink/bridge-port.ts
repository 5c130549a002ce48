import type { Connection } from './connection.ts';
import { family } from './ip.ts';
import { indexOf, type Device } from './link.ts';
import { bridgePortTable } from './link-kind.ts';
import { linkType, writeLinkHeader } from './link-message.ts';
import { flag, hostIsLittle } from './message.ts';
import type { Request } from './request.ts';
import { requireIndex } from './tc-message.ts';
import type { MessageWriter } from './writer.ts';

/** What can be set of a bridge's port; `link.get` tells it as `port`. */
export interface BridgePortChange {
  /** Frames may leave by the port they came in. */
  readonly hairpin?: boolean;
  /** No frames to other isolated ports. */
  readonly isolated?: boolean;
  readonly learning?: boolean;
  /** Frames to unknown addresses are sent to it. */
  readonly flood?: boolean;
  readonly multicastFlood?: boolean;
  readonly broadcastFlood?: boolean;
  /** BPDUs from it are dropped and close it. */
  readonly guard?: boolean;
  /** Neighbour discovery is answered by the bridge from its table. */
  readonly neighbourSuppress?: boolean;
  readonly proxyArp?: boolean;
  readonly locked?: boolean;
  readonly cost?: number;
  readonly priority?: number;
}

/** Throws KernelError EINVAL when the device is no port. `bridge link set dev DEVICE ...`. */
export async function set(
  connection: Connection,
  device: Device,
  changes: BridgePortChange,
): Promise<void> {
  await connection.transact(setRequest(await indexOf(connection, device), changes));
}

export interface BridgeVlan {
  /** 1 to 4094, or a range of them. */
  readonly id: number | { readonly from: number; readonly to: number };
  /** Untagged frames that come in belong to it. */
  readonly pvid?: boolean;
  /** Frames leave without its tag. */
  readonly untagged?: boolean;
  /** On the bridge device itself rather than on a port. */
  readonly self?: boolean;
}

/**
 * Throws KernelError EOPNOTSUPP where the kernel has no VLAN filtering.
 * `bridge vlan add dev DEVICE vid ID`.
 */
export async function addVlan(
  connection: Connection,
  device: Device,
  vlan: BridgeVlan,
): Promise<void> {
  await connection.transact(vlanRequest('add', await indexOf(connection, device), vlan));
}

/** `bridge vlan delete dev DEVICE vid ID`. */
export async function removeVlan(
  connection: Connection,
  device: Device,
  vlan: BridgeVlan,
): Promise<void> {
  await connection.transact(vlanRequest('remove', await indexOf(connection, device), vlan));
}

/** linux/if_link.h: IFLA_PROTINFO, IFLA_AF_SPEC. */
const attribute = { protocolInformation: 12, familySpecific: 26 } as const;

/** For `transact` and `batch`; the device is an index. */
export function setRequest(device: Device, changes: BridgePortChange): Request {
  return request('RTM_SETLINK', requireIndex(device), (writer) => {
    const nest = writer.beginNest(attribute.protocolInformation);
    bridgePortTable.write(writer, {
      guard: bit(changes.guard),
      hairpin: bit(changes.hairpin),
      unicastFlood: bit(changes.flood),
      learning: bit(changes.learning),
      multicastFlood: bit(changes.multicastFlood),
      broadcastFlood: bit(changes.broadcastFlood),
      proxyArp: bit(changes.proxyArp),
      neighbourSuppress: bit(changes.neighbourSuppress),
      isolated: bit(changes.isolated),
      locked: bit(changes.locked),
      cost: changes.cost,
      priority: changes.priority,
    });
    writer.endNest(nest);
  });
}

/** linux/if_bridge.h: BRIDGE_VLAN_INFO_*, IFLA_BRIDGE_FLAGS and IFLA_BRIDGE_VLAN_INFO. */
const vlanFlag = { pvid: 2, untagged: 4, rangeBegin: 8, rangeEnd: 16 } as const;
const bridgeFlags = 0;
const bridgeVlan = 2;
const flagSelf = 2;

/** For `transact` and `batch`; the device is an index. */
export function vlanRequest(verb: 'add' | 'remove', device: Device, vlan: BridgeVlan): Request {
  const call = verb === 'add' ? 'RTM_SETLINK' : 'RTM_DELLINK';
  return request(call, requireIndex(device), (writer) => {
    const nest = writer.beginPlainNest(attribute.familySpecific);
    if (vlan.self === true) {
      const offset = writer.attribute(bridgeFlags, 2);
      writer.view.setUint16(offset, flagSelf, hostIsLittle);
    }
    const flags =
      (vlan.pvid === true ? vlanFlag.pvid : 0) | (vlan.untagged === true ? vlanFlag.untagged : 0);
    if (typeof vlan.id === 'number') {
      writeVlan(writer, flags, vlan.id);
    } else {
      writeVlan(writer, flags | vlanFlag.rangeBegin, vlan.id.from);
      writeVlan(writer, flags | vlanFlag.rangeEnd, vlan.id.to);
    }
    writer.endNest(nest);
  });
}

/** struct bridge_vlan_info { __u16 flags; __u16 vid; } */
function writeVlan(writer: MessageWriter, flags: number, id: number): void {
  const offset = writer.attribute(bridgeVlan, 4);
  writer.view.setUint16(offset, flags, hostIsLittle);
  writer.view.setUint16(offset + 2, id, hostIsLittle);
}

function request(
  call: 'RTM_SETLINK' | 'RTM_DELLINK',
  index: number,
  write: (writer: MessageWriter) => void,
): Request {
  return {
    call,
    type: call === 'RTM_SETLINK' ? linkType.set : linkType.remove,
    flags: flag.acknowledge,
    object: `bridge port with index ${index}`,
    write(writer) {
      writeLinkHeader(writer, { family: family.bridge, index });
      write(writer);
    },
  };
}

function bit(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
