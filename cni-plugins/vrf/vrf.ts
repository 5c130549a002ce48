import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields } from '../../src/cni/json.ts';
import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { address, type Connection, link, route } from '../../src/netlink/index.ts';
import { commit } from '../commit.ts';
import { ContainerNamespace } from '../container-namespace.ts';
import { inTable, isLinkLocal } from '../move-routes.ts';
import { previousResultOf } from '../previous-result.ts';

/**
 * Meta plugin `vrf`: puts a pod's interface into a VRF of the pod, a routing table of its own; the
 * VRF is made with its first interface and removed with its last.
 */
export const vrf: CniPlugin = {
  type: 'vrf',
  specVersions,

  async add(request) {
    const wanted = parseConfiguration(request);
    const result = previousResultOf(request);
    using container = await ContainerNamespace.open(request);
    const pod = container.connection;
    const before = await findVrf(pod, wanted.name);
    const master = before ?? (await createVrf(pod, wanted));
    const table = tableOf(master);
    if (wanted.table !== undefined && table !== wanted.table) {
      refuse(`VRF ${wanted.name} already exist with different routing table ${table}`);
    }
    try {
      await join(pod, request.interfaceName, master);
    } catch (error) {
      if (before === undefined) await link.remove(pod, master.index).catch(() => undefined);
      throw error;
    }
    return result;
  },

  async delete(request) {
    const { name } = parseConfiguration(request);
    using container = await ContainerNamespace.find(request);
    const pod = container?.connection;
    const master = pod && (await findVrf(pod, name));
    if (pod === undefined || master === undefined) return;
    const own = await link.find(pod, request.interfaceName);
    if (own?.master === master.index) await link.clearMaster(pod, own.index);
    const members = await link.list(pod, { master: master.index });
    if (members.length === 0) await link.remove(pod, master.index);
  },

  async check(request) {
    const { name } = parseConfiguration(request);
    previousResultOf(request);
    using container = await ContainerNamespace.open(request);
    const master = await findVrf(container.connection, name);
    const own = await link.get(container.connection, request.interfaceName);
    if (master !== undefined && own.master === master.index) return;
    refuse(`failed to find ${request.interfaceName} associated to vrf ${name}`);
  },

  async status(request) {
    parseConfiguration(request);
    await Promise.resolve();
  },

  /** All that an ADD makes is in the pod's namespace, and goes with it. */
  async collectGarbage() {
    await Promise.resolve();
  },
};

interface VrfConfiguration {
  readonly name: string;
  readonly table: number | undefined;
}

function parseConfiguration(request: PluginRequest): VrfConfiguration {
  const fields = new Fields(request.config, 'the vrf configuration');
  const name = fields.string('vrfname');
  if (name === '') refuse('configuration is expected to have a valid vrf name');
  const table = fields.index('table') ?? 0;
  if (table > 0xffffffff) fields.fail('table', 'is no number of a routing table');
  return { name: link.checkedName(name), table: table === 0 ? undefined : table };
}

async function findVrf(pod: Connection, name: string): Promise<link.Link | undefined> {
  const found = await link.find(pod, name);
  if (found === undefined || found.kind === 'vrf') return found;
  return refuse(`Netlink ${name} is not a VRF`);
}

async function createVrf(pod: Connection, { name, table }: VrfConfiguration): Promise<link.Link> {
  const data = { table: table ?? (await freeTable(pod)) };
  await link.create(pod, { kind: 'vrf', name, up: true, data });
  return await link.get(pod, name);
}

/** The first that no VRF has, nor a route: 253 and above are the kernel's own. */
async function freeTable(pod: Connection): Promise<number> {
  const vrfs = await link.list(pod, { kind: 'vrf' });
  const routes = await route.list(pod, { table: 0 });
  const taken = new Set([...vrfs.map(tableOf), ...routes.map(({ table }) => table)]);
  for (let table = 1; table < 253; table++) if (!taken.has(table)) return table;
  return refuse('Failed to find an available routing id');
}

function tableOf({ data }: link.Link): number {
  return Number(data?.['table'] ?? 0);
}

/**
 * The kernel takes routes and IPv6 addresses away from an interface that changes its master; both
 * are given back, the routes in the VRF's table.
 */
async function join(pod: Connection, interfaceName: string, master: link.Link): Promise<void> {
  const own = await link.get(pod, interfaceName);
  if ((own.master ?? 0) !== 0 && own.master !== master.index) {
    const other = await link.find(pod, own.master ?? 0);
    refuse(`interface ${interfaceName} has already a master set: ${other?.name ?? own.master}`);
  }
  const device = own.index;
  const lost = await address.list(pod, { device, family: 'ipv6' });
  const routes = await route.list(pod, { device });
  await link.setMaster(pod, device, master.index);
  await commit(pod, [
    ...lost
      .filter(({ scope }) => scope === 'global')
      .map(({ address: text }) =>
        // It was not a duplicate a moment ago.
        address.replaceRequest({ device, address: text, noDuplicateDetection: true }),
      ),
    ...routes
      .filter((one) => !isLinkLocal(one) && one.protocol !== 'kernel')
      .map((one) => route.replaceRequest(inTable(one, tableOf(master)))),
  ]);
}

function refuse(problem: string): never {
  throw new CniError(CniCode.internal, problem);
}
