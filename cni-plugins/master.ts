import { CniCode, CniError } from '../src/cni/cni-error.ts';
import type { Fields } from '../src/cni/json.ts';
import { isKernelError } from '../src/base/error.ts';
import { type Connection, link, route } from '../src/netlink/index.ts';
import { type Place, temporaryName } from './container-link.ts';

/** The interface of the host, or of the container, that another one is made on. */
export interface MasterConfiguration {
  /** Empty: the one that the default route leaves by. */
  readonly master: string;
  readonly linkInContainer: boolean;
  readonly mtu: number | undefined;
}

/** The fields `master`, `linkInContainer` and `mtu`. Throws CniError 7. */
export function masterIn(fields: Fields): MasterConfiguration {
  return {
    master: fields.string('master'),
    linkInContainer: fields.boolean('linkInContainer'),
    mtu: fields.index('mtu') || undefined,
  };
}

/** Throws CniError 7 when there is no such interface, or the MTU is larger than its own. */
export async function findMaster(
  { host, container }: Pick<Place, 'host' | 'container'>,
  configuration: MasterConfiguration,
): Promise<link.Link> {
  const connection = configuration.linkInContainer ? container.connection : host;
  const name = configuration.master || (await defaultInterface(connection));
  const found = await link.find(connection, name);
  if (found === undefined) refuse(`failed to lookup master "${name}": Link not found`);
  const { mtu = 0 } = configuration;
  if (mtu > found.mtu) refuse(`invalid MTU ${mtu}, must be [0, master MTU(${found.mtu})]`);
  return found;
}

/** CHECK: the interface still has the mode that it was made with. Throws CniError 999. */
export function checkMode(kind: string, found: link.Link, expected: string): void {
  const mode = found.data?.['mode'];
  if (mode === expected) return;
  throw new CniError(
    CniCode.internal,
    `Container ${kind} mode ${String(mode)} does not match expected value: ${expected}`,
  );
}

/** STATUS: ADD needs the host's interface. Throws CniError 50. */
export async function requireMaster(
  host: Connection,
  { master, linkInContainer }: MasterConfiguration,
): Promise<void> {
  if (linkInContainer || master === '' || (await link.find(host, master)) !== undefined) return;
  throw new CniError(CniCode.notAvailable, `master "${master}" is not there`);
}

/** The interface of the first default route, IPv4 before IPv6. */
async function defaultInterface(connection: Connection): Promise<string> {
  for (const family of ['ipv4', 'ipv6'] as const) {
    const routes = await route.list(connection, { family });
    const index = routes.find(({ to }) => to === 'default')?.index;
    if (index !== undefined) return (await link.get(connection, index)).name;
  }
  return refuse('no default route interface found');
}

/** What is made on a master: its kind and the data of that. */
export type OnMaster = Parameters<typeof link.create>[1] & {
  readonly kind: 'macvlan' | 'ipvlan' | 'vlan';
};

/**
 * Makes an interface on the master, inside the container, under its name there. Throws CniError 2
 * when the kernel lacks the kind.
 */
export async function createOnMaster(
  { request, host, container }: Place,
  configuration: MasterConfiguration,
  plan: Pick<OnMaster, 'kind' | 'address'> & { readonly data: object },
): Promise<void> {
  const master = await findMaster({ host, container }, configuration);
  const { mtu, linkInContainer } = configuration;
  const name = temporaryName(request);
  const definition = {
    ...plan,
    name,
    parent: master.index,
    ...(mtu !== undefined && { mtu }),
    ...(!linkInContainer && { namespace: container.fd }),
  } as OnMaster;
  try {
    await link.create(linkInContainer ? container.connection : host, definition);
  } catch (error) {
    if (isKernelError(error, 'EOPNOTSUPP')) throw unsupportedKind(plan.kind);
    throw error;
  }
  try {
    await link.rename(container.connection, name, request.interfaceName);
  } catch (error) {
    await link.remove(container.connection, name);
    throw error;
  }
}

export function unsupportedKind(kind: string): CniError {
  return new CniError(
    CniCode.unsupportedField,
    `This kernel has no interfaces of type ${kind}`,
    `its module is ${kind === 'vlan' ? '8021q' : kind}; see modprobe(8)`,
  );
}

/** CHECK: the master is still there. */
export async function checkMaster(
  _found: link.Link,
  place: Place,
  configuration: MasterConfiguration,
): Promise<void> {
  await findMaster(place, { ...configuration, mtu: undefined });
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
