import { CniCode, CniError } from '../src/cni/cni-error.ts';
import type { CniPlugin, PluginRequest } from '../src/cni/plugin.ts';
import type { NetworkResult } from '../src/cni/result.ts';
import { specVersions } from '../src/cni/spec-version.ts';
import { type Connection, link, open } from '../src/netlink/index.ts';
import { checkInterface } from './check-interface.ts';
import { configureInterface } from './container-interface.ts';
import { ContainerNamespace } from './container-namespace.ts';
import { configuredDns, noDns } from './dns.ts';
import { deleteWith, type Ipam, ipamOf } from './ipam.ts';
import { hostLinkName, ownerOf } from './owner.ts';
import { type Undo, undoable } from './undo.ts';

/** Where a plugin makes its one interface. */
export interface Place {
  readonly request: PluginRequest;
  readonly host: Connection;
  readonly container: ContainerNamespace;
}

/** What distinguishes a plugin whose effects are all one interface inside the container. */
export interface ContainerLink<Configuration> {
  readonly type: string;
  /** IFLA_INFO_KIND of the interface, for CHECK. */
  readonly kind: string | undefined;
  /** Whether an interface without addresses is of use; it may depend on the request. */
  readonly needsIpam: (request: PluginRequest) => boolean;
  /** On a network of other machines, an address may be somebody else's. */
  readonly detectDuplicates: boolean;
  /** Where the configuration says nothing: the IPAM plugin's, or none as the reference has it. */
  readonly keepsDns: boolean;
  readonly parse: (request: PluginRequest) => Configuration;
  /** Makes the interface, down or up, with its name; nothing is left when it throws. */
  readonly create: (place: Place, configuration: Configuration) => Promise<void>;
  /** Instead of removing the interface. */
  readonly remove?: (place: Place, configuration: Configuration) => Promise<void>;
  /** When the namespace is gone. */
  readonly removeLost?: (host: Connection, configuration: Configuration) => Promise<void>;
  /** What CHECK compares beside kind, link address, addresses and routes. */
  readonly check?: (found: link.Link, place: Place, configuration: Configuration) => Promise<void>;
  /** Throws code 50 when ADD could not be served. */
  readonly status?: (host: Connection, configuration: Configuration) => Promise<void>;
}

/** A plugin of such an interface, with all verbs. */
export function containerLinkPlugin<Configuration>(kind: ContainerLink<Configuration>): CniPlugin {
  return {
    type: kind.type,
    specVersions,

    async add(request, signal) {
      const configuration = kind.parse(request);
      const ipam = ipamOf(request, signal);
      if (ipam === undefined && kind.needsIpam(request)) throw withoutIpam(kind.type);
      // Open until all is undone: taking back needs the connections too.
      using host = await open();
      using container = await ContainerNamespace.open(request);
      const place = { request, host, container };
      return await undoable((undo) => attach(kind, place, { configuration, ipam, undo }));
    },

    async delete(request, signal) {
      const ipam = ipamOf(request, signal);
      await deleteWith(ipam, async () => detach(kind, request));
    },

    async check(request, signal) {
      const configuration = kind.parse(request);
      await ipamOf(request, signal)?.check();
      using host = await open();
      using container = await ContainerNamespace.open(request);
      const found = await checkInterface(container, request, kind.kind);
      await kind.check?.(found, { request, host, container }, configuration);
    },

    async status(request, signal) {
      const configuration = kind.parse(request);
      using host = await open();
      await kind.status?.(host, configuration);
      await ipamOf(request, signal)?.status();
    },

    // The interface ends with its namespace; there is nothing of it on the host.
    async collectGarbage(request, signal) {
      await ipamOf(request, signal)?.collectGarbage();
    },
  };
}

function withoutIpam(type: string): CniError {
  return new CniError(
    CniCode.invalidConfiguration,
    `${type} interface requires an IPAM configuration`,
  );
}

interface Attachment<Configuration> {
  readonly configuration: Configuration;
  readonly ipam: Ipam | undefined;
  readonly undo: Undo;
}

async function attach<Configuration>(
  kind: ContainerLink<Configuration>,
  place: Place,
  { configuration, ipam, undo }: Attachment<Configuration>,
): Promise<NetworkResult> {
  const { request, container } = place;
  const { connection } = container;
  await refuseTaken(place);
  await kind.create(place, configuration);
  undo(() => removeLink(kind, place, configuration));
  const made = await link.get(connection, request.interfaceName);
  const { name, index, address: mac = '' } = made;
  const interfaces = [{ name, mac, sandbox: request.netns }];
  const given = ipam === undefined ? chained(request) : await ipam.add(undo);
  const addresses = given.addresses.map((one) => ({ ...one, interface: 0 }));
  const dns = configuredDns(request) ?? (kind.keepsDns ? given.dns : noDns);
  const result = { ...given, interfaces, addresses, dns };
  if (addresses.length === 0) await link.set(connection, index, { up: true });
  else {
    const { detectDuplicates } = kind;
    await configureInterface(container, { name, index, result, detectDuplicates });
  }
  return result;
}

/** Without an IPAM plugin of its own, what an earlier plugin of the list gave; or frames alone. */
function chained({ previousResult }: PluginRequest): NetworkResult {
  return previousResult ?? { interfaces: [], addresses: [], routes: [], dns: noDns };
}

async function refuseTaken({ request, container }: Place): Promise<void> {
  const { interfaceName } = request;
  if ((await link.find(container.connection, interfaceName)) === undefined) return;
  throw new CniError(
    CniCode.internal,
    `container "${request.containerId}" already has an interface "${interfaceName}"`,
  );
}

async function detach<Configuration>(
  kind: ContainerLink<Configuration>,
  request: PluginRequest,
): Promise<void> {
  using host = await open();
  using container = await ContainerNamespace.find(request);
  if (container !== undefined) {
    await removeLink(kind, { request, host, container }, undefined);
  } else if (kind.removeLost !== undefined) {
    await kind.removeLost(host, kind.parse(request));
  }
}

async function removeLink<Configuration>(
  kind: ContainerLink<Configuration>,
  place: Place,
  configuration: Configuration | undefined,
): Promise<void> {
  const { request, container } = place;
  if (kind.remove !== undefined) {
    return await kind.remove(place, configuration ?? kind.parse(request));
  }
  const found = await link.find(container.connection, request.interfaceName);
  // Something else under that name is not ours to remove.
  if (found !== undefined && (kind.kind === undefined || found.kind === kind.kind)) {
    await link.remove(container.connection, found.index);
  }
  await link.remove(container.connection, temporaryName(request));
}

/**
 * The name with which an interface is made that belongs to one of the host: some kernels refuse
 * the final name when the host has an interface of that name, though it is for another namespace.
 */
export function temporaryName(request: PluginRequest): string {
  return hostLinkName(ownerOf(request));
}
