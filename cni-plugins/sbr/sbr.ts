import { setTimeout as delay } from 'node:timers/promises';
import { isKernelError } from '../../src/base/error.ts';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import { type NetworkResult, type ResultAddress } from '../../src/cni/result.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { flock } from '../../src/kernel/file.ts';
import { address, type Connection, link, route, rule } from '../../src/netlink/index.ts';
import { commit } from '../commit.ts';
import { ContainerNamespace } from '../container-namespace.ts';
import { hostOf, isSame } from '../prefix.ts';
import { previousResultOf } from '../previous-result.ts';
import { parseConfiguration, type SbrConfiguration } from './configuration.ts';
import { freeTables, planMove } from './plan.ts';

/**
 * Meta plugin `sbr`: what leaves a pod by the address of an interface leaves by that interface,
 * whichever has the default route. Each address gets a rule and a table with the routes.
 */
export const sbr: CniPlugin = {
  type: 'sbr',
  specVersions,

  async add(request, signal) {
    const configuration = parseConfiguration(request);
    const result = previousResultOf(request);
    const addresses = ownAddresses(request, result);
    using container = await ContainerNamespace.open(request);
    await locked(container, signal, () =>
      moveRoutes(container.connection, request.interfaceName, { configuration, addresses }),
    );
    return result;
  },

  /** Routes go with the interface; the rules name its addresses. */
  async delete(request, signal) {
    parseConfiguration(request);
    using container = await ContainerNamespace.find(request);
    if (container === undefined) return;
    const pod = container.connection;
    await locked(container, signal, async () => {
      const own = await link.find(pod, request.interfaceName);
      if (own === undefined) return;
      const held = await address.list(pod, { device: own.index });
      const rules = (await rule.list(pod)).filter(({ from }) =>
        held.some((one) => from !== undefined && isSame(hostOf(from), hostOf(one.address))),
      );
      await commit(
        pod,
        rules.map((one) => ({ request: rule.removeRequest(keyOf(one)), harmless: ['ENOENT'] })),
      );
    });
  },

  async check(request) {
    parseConfiguration(request);
    const result = previousResultOf(request);
    using container = await ContainerNamespace.open(request);
    const rules = await rule.list(container.connection);
    for (const { address: text } of ownAddresses(request, result)) {
      const found = rules.some(
        ({ from }) => from !== undefined && isSame(hostOf(from), hostOf(text)),
      );
      if (!found) throw new CniError(CniCode.internal, `no rule for packets from ${hostOf(text)}`);
    }
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

/** Those of the interface; an address without one is taken for its own. */
function ownAddresses(
  { interfaceName }: PluginRequest,
  { addresses, interfaces }: NetworkResult,
): readonly ResultAddress[] {
  if (addresses.length === 0) {
    throw new CniError(CniCode.internal, `No IP addresses supplied on interface: ${interfaceName}`);
  }
  return addresses.filter(
    ({ interface: index }) =>
      index === undefined || (interfaces[index]?.name ?? interfaceName) === interfaceName,
  );
}

interface Work {
  readonly configuration: SbrConfiguration;
  readonly addresses: readonly ResultAddress[];
}

async function moveRoutes(
  pod: Connection,
  interfaceName: string,
  { configuration, addresses }: Work,
): Promise<void> {
  const { table } = configuration;
  if (table !== undefined) {
    await commit(
      pod,
      addresses.map(({ address: text }) => rule.addRequest({ from: hostOf(text), table })),
    );
    return;
  }
  const device = await link.indexOf(pod, interfaceName);
  const rules = await rule.list(pod);
  const all = await route.list(pod, { table: 0 });
  const routes = all.filter((one) => one.index === device && one.table === mainTable);
  const tables = freeTables([...rules, ...all], addresses.length);
  await commit(pod, planMove({ configuration, addresses, device, routes, tables }));
}

const mainTable = 254;

/** One of our rules by what names it: the kernel refuses what it does not know of a rule. */
function keyOf({ from, table, priority }: rule.Rule): rule.NewRule {
  return { ...(from !== undefined && { from }), table, priority };
}

/**
 * Interfaces of one pod are added at the same time, and each takes a table that is free: one after
 * the other, among all processes, by the lock that the reference takes too.
 */
async function locked<Value>(
  { fd }: ContainerNamespace,
  signal: AbortSignal,
  work: () => Promise<Value>,
): Promise<Value> {
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 50)) {
    try {
      // The descriptor's end is the lock's.
      flock(fd, 'exclusive');
      return await work();
    } catch (error) {
      if (!isKernelError(error, 'EAGAIN', 'EWOULDBLOCK')) throw error;
    }
    await delay(waitMs, undefined, { signal });
  }
}
