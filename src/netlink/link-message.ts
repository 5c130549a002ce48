import { AttributeTable, eachAttribute, type Codec } from './attribute.ts';
import { list, mac, named, s32, text, u32, u8 } from './codec.ts';
import { bridgePortTable, isKnownKind, kindTables } from './link-kind.ts';
import { hostIsLittle, requirePayload, type Message } from './message.ts';
import type { MessageWriter } from './writer.ts';

/** linux/rtnetlink.h: RTM_*LINK. */
export const linkType = { new: 16, remove: 17, get: 18, set: 19 } as const;

/** linux/if.h: IFF_*. */
export const linkFlag = {
  up: 0x1,
  broadcast: 0x2,
  loopback: 0x8,
  pointToPoint: 0x10,
  running: 0x40,
  noArp: 0x80,
  promiscuous: 0x100,
  allMulticast: 0x200,
  multicast: 0x1000,
  lowerUp: 0x10000,
} as const;

export const operationalStates = {
  unknown: 0,
  notPresent: 1,
  down: 2,
  lowerLayerDown: 3,
  testing: 4,
  dormant: 5,
  up: 6,
} as const;

/** A network interface as the kernel describes it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFF_* bits. */
  readonly flags: number;
  readonly up: boolean;
  readonly running: boolean;
  /** ARPHRD_* number: 1 Ethernet, 772 loopback. */
  readonly hardwareType: number;
  readonly kind?: string;
  /** What the kind tells of itself, for the kinds known here. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** The kind of the master's port, and what a bridge tells of it. */
  readonly portKind?: string;
  readonly port?: Readonly<Record<string, unknown>>;
  readonly address?: string;
  readonly broadcast?: string;
  readonly mtu: number;
  readonly operationalState: keyof typeof operationalStates | number;
  /** Index of the bridge, VRF or bond it belongs to. */
  readonly master?: number;
  /** Index of the peer (veth) or lower device, in the namespace `linkNamespaceId` if set. */
  readonly link?: number;
  readonly linkNamespaceId?: number;
  readonly queueDiscipline?: string;
  readonly transmitQueueLength?: number;
  readonly group?: number;
  readonly promiscuity?: number;
  readonly alias?: string;
  readonly alternativeNames?: readonly string[];
}

interface LinkInformation {
  readonly kind?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly portKind?: string;
  readonly port?: Readonly<Record<string, unknown>>;
}

/** IFLA_LINKINFO: the table of IFLA_INFO_DATA depends on IFLA_INFO_KIND beside it. */
const information: Codec<LinkInformation> = {
  write() {
    throw new Error('link information is written by link-create');
  },
  read(source, start, end) {
    const found: { -readonly [Name in keyof LinkInformation]: LinkInformation[Name] } = {};
    eachAttribute(source, { start, end }, (type, from, to) => {
      if (type === 1) found.kind = text.read(source, from, to);
      if (type === 2 && found.kind !== undefined && isKnownKind(found.kind)) {
        found.data = kindTables[found.kind].read(source, from, to);
      }
      if (type === 4) found.portKind = text.read(source, from, to);
      if (type === 5 && found.portKind === 'bridge') {
        found.port = bridgePortTable.read(source, from, to);
      }
    });
    return found;
  },
};

/** linux/if_link.h: IFLA_*. */
export const linkTable = new AttributeTable({
  address: [1, mac],
  broadcast: [2, mac],
  name: [3, text],
  mtu: [4, u32],
  link: [5, u32],
  queueDiscipline: [6, text],
  master: [10, u32],
  transmitQueueLength: [13, u32],
  operationalState: [16, named(u8, operationalStates)],
  information: [18, information],
  namespacePid: [19, u32],
  alias: [20, text],
  group: [27, u32],
  namespaceFd: [28, u32],
  extendedMask: [29, u32],
  promiscuity: [30, u32],
  transmitQueues: [31, u32],
  receiveQueues: [32, u32],
  linkNamespaceId: [37, s32],
  alternativeNames: [52, list(53, text)],
  alternativeName: [53, text],
});

/**
 * struct ifinfomsg { __u8 family; __u8 pad; __u16 type; __s32 index; __u32 flags; __u32 change; }
 */
export function writeLinkHeader(
  writer: MessageWriter,
  { index = 0, flags = 0, change = 0, family = 0 },
): void {
  const offset = writer.reserve(16);
  writer.view.setUint8(offset, family);
  writer.view.setInt32(offset + 4, index, hostIsLittle);
  writer.view.setUint32(offset + 8, flags, hostIsLittle);
  writer.view.setUint32(offset + 12, change, hostIsLittle);
}

/** Decodes RTM_NEWLINK and RTM_DELLINK. Throws DomainError `invalid` on bytes that are neither. */
export function readLink(message: Message): Link {
  requirePayload(message, 16);
  const { source, start } = message;
  const flags = source.view.getUint32(start + 8, hostIsLittle);
  const {
    information: info,
    name,
    mtu,
    operationalState,
    ...values
  } = linkTable.read(source, start + 16, message.end);
  return {
    index: source.view.getInt32(start + 4, hostIsLittle),
    name: name ?? '',
    flags,
    up: (flags & linkFlag.up) !== 0,
    running: (flags & linkFlag.running) !== 0,
    hardwareType: source.view.getUint16(start + 2, hostIsLittle),
    mtu: mtu ?? 0,
    operationalState: operationalState ?? 'unknown',
    ...info,
    ...(values as Partial<Link>),
  };
}
