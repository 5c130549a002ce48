import { DomainError } from '../base/error.ts';
import type { Values } from './attribute.ts';
import { binary } from './codec.ts';
import type { Connection } from './connection.ts';
import { kindTables, type LinkData, type LinkKind } from './link-kind.ts';
import { linkFlag, linkTable, linkType, writeLinkHeader } from './link-message.ts';
import { flag } from './message.ts';
import { withNamespace, type NamespaceReference } from './open-socket.ts';
import type { Request } from './request.ts';
import type { MessageWriter } from './writer.ts';

interface NewLinkBase {
  readonly name: string;
  /** Makes it in that namespace, without a slow move after. */
  readonly namespace?: NamespaceReference;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly address?: string;
  readonly group?: number;
  readonly transmitQueueLength?: number;
  /** Index of the bridge or VRF to join. */
  readonly master?: number;
  /** Index of the lower device: vlan, macvlan, ipvlan. */
  readonly parent?: number;
}

/** The other end of a veth pair. It cannot be up before the pair is complete. */
export type VethPeer = Omit<NewLinkBase, 'up' | 'parent'>;

/** An interface to make, with the data of its kind. */
export type NewLink = NewLinkBase &
  (
    | { readonly kind: 'veth'; readonly peer: VethPeer }
    | {
        [Kind in Exclude<LinkKind, 'tun'>]: { readonly kind: Kind; readonly data?: LinkData<Kind> };
      }[Exclude<LinkKind, 'tun'>]
  );

/**
 * Makes an interface. Throws KernelError EEXIST when the name is taken, EOPNOTSUPP when the kernel
 * lacks the kind. `ip link add NAME type KIND ...`; for veth with the peer made in its namespace:
 * `ip link add v0 type veth peer name eth0 netns blue`.
 */
export async function create(connection: Connection, link: NewLink): Promise<void> {
  const peer = link.kind === 'veth' ? link.peer.namespace : undefined;
  await withOptional(link.namespace, (own) =>
    withOptional(peer, async (other) => {
      await connection.transact(createRequest(withDescriptors(link, own, other)));
    }),
  );
}

/** For `Connection.transact` and `batch`; namespaces are descriptors here. `create` sends it. */
export function createRequest(link: NewLink): Request {
  return {
    call: 'RTM_NEWLINK',
    type: linkType.new,
    flags: flag.acknowledge | flag.create | flag.exclusive,
    object: `${link.kind} ${link.name}`,
    write(writer) {
      const up = link.up === true ? linkFlag.up : 0;
      writeLinkHeader(writer, { flags: up, change: up });
      linkTable.write(writer, attributesOf(link));
      writeInformation(writer, link);
    },
  };
}

function attributesOf(link: NewLinkBase): Values<LinkDefinition> {
  const { namespace, parent, mtu, address, group, transmitQueueLength, master } = link;
  if (typeof namespace === 'string') {
    throw new DomainError('invalid', `createRequest takes a descriptor, not "${namespace}"`);
  }
  return {
    link: parent,
    namespaceFd: namespace,
    mtu,
    address,
    group,
    transmitQueueLength,
    master,
    name: checkedName(link.name),
  };
}

type LinkDefinition = typeof linkTable extends {
  write(writer: never, values: Values<infer D>): void;
}
  ? D
  : never;

/** IFLA_LINKINFO { IFLA_INFO_KIND, IFLA_INFO_DATA { by kind } }, as iproute2 nests it. */
function writeInformation(writer: MessageWriter, link: NewLink): void {
  const outer = writer.beginPlainNest(18);
  // Without the NUL, as iproute2: both are allowed, and so bytes can be compared.
  binary.write(writer, 1, Buffer.from(link.kind));
  if (link.kind === 'veth') {
    const data = writer.beginPlainNest(2);
    // VETH_INFO_PEER holds a whole link message: struct ifinfomsg and attributes.
    const peer = writer.beginPlainNest(1);
    writeLinkHeader(writer, {});
    linkTable.write(writer, attributesOf(link.peer));
    writer.endNest(peer);
    writer.endNest(data);
  } else if (link.data !== undefined) {
    const data = writer.beginPlainNest(2);
    kindTables[link.kind].write(writer, link.data);
    writer.endNest(data);
  }
  writer.endNest(outer);
}

/** net/core/dev.c dev_valid_name: what the kernel would refuse without saying which name. */
export function checkedName(name: string): string {
  const bytes = Buffer.byteLength(name);
  if (bytes > 0 && bytes < 16 && name !== '.' && name !== '..' && !/[/:\s\0]/.test(name)) {
    return name;
  }
  throw new DomainError('invalid', `"${name}" is not a name for an interface`);
}

function withDescriptors(link: NewLink, own?: number, peer?: number): NewLink {
  const named = own === undefined ? link : { ...link, namespace: own };
  if (named.kind !== 'veth' || peer === undefined) return named;
  return { ...named, peer: { ...named.peer, namespace: peer } };
}

async function withOptional(
  namespace: NamespaceReference | undefined,
  use: (fd: number | undefined) => Promise<void>,
): Promise<void> {
  return namespace === undefined ? use(undefined) : withNamespace(namespace, use);
}
