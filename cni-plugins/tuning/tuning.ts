import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { CniPlugin } from '../../src/cni/plugin.ts';
import type { NetworkResult } from '../../src/cni/result.ts';
import { specVersions } from '../../src/cni/spec-version.ts';
import { readSysctls, writeSysctls } from '../../src/kernel/sysctl.ts';
import { link } from '../../src/netlink/index.ts';
import { linkFlag } from '../../src/netlink/link-message.ts';
import { ContainerNamespace } from '../container-namespace.ts';
import { previousResultOf } from '../previous-result.ts';
import { refuseUnlisted } from './allow-list.ts';
import { checkFolder, collectBackups, keepBackup, readBackup, removeBackup } from './backup.ts';
import { type Attributes, parseConfiguration } from './configuration.ts';

/**
 * Meta plugin `tuning`: settings of a pod's network (`/proc/sys/net`), and attributes of its
 * interface, which DEL gives back.
 */
export const tuning: CniPlugin = {
  type: 'tuning',
  specVersions,

  async add(request) {
    const { sysctls, attributes, dataFolder } = parseConfiguration(request);
    refuseUnlisted(request);
    const result = previousResultOf(request);
    using container = await ContainerNamespace.open(request);
    if (sysctls.length > 0) await writeSysctls(sysctls, container.namespace);
    if (Object.keys(attributes).length === 0) return result;
    const pod = container.connection;
    const own = await link.get(pod, request.interfaceName);
    keepBackup(dataFolder, request, presentOf(own, attributes));
    await link.set(pod, own.index, changesOf(attributes));
    return withAttributes(result, request.interfaceName, attributes);
  },

  async delete(request) {
    const { dataFolder } = parseConfiguration(request);
    const before = readBackup(dataFolder, request);
    if (before !== undefined) {
      using container = await ContainerNamespace.find(request);
      const pod = container?.connection;
      const own = pod && (await link.find(pod, request.interfaceName));
      if (pod !== undefined && own !== undefined) await link.set(pod, own.index, changesOf(before));
    }
    removeBackup(dataFolder, request);
  },

  async check(request) {
    const { sysctls, attributes } = parseConfiguration(request);
    previousResultOf(request);
    using container = await ContainerNamespace.open(request);
    const names = sysctls.map(({ name }) => name);
    const values = await readSysctls(names, container.namespace);
    for (const [index, { name, value }] of sysctls.entries()) {
      if (values[index] !== value) differs(`/proc/sys/${name}`, value, values[index]);
    }
    const own = await link.get(container.connection, request.interfaceName);
    const wanted = { promisc: false, ...attributes };
    const present = presentOf(own, wanted);
    for (const name of Object.keys(wanted) as (keyof Attributes)[]) {
      if (present[name] !== wanted[name]) differs(name, wanted[name], present[name]);
    }
  },

  async status(request) {
    const { dataFolder } = parseConfiguration(request);
    refuseUnlisted(request);
    checkFolder(dataFolder);
    await Promise.resolve();
  },

  async collectGarbage(request) {
    const { dataFolder } = parseConfiguration(request);
    collectBackups(dataFolder, request.networkName, request.validAttachments);
    await Promise.resolve();
  },
};

/** The interface's present values of the attributes that are asked for. */
function presentOf(own: link.Link, wanted: Attributes): Attributes {
  return {
    ...(wanted.mac !== undefined && { mac: own.address ?? '' }),
    ...(wanted.promisc !== undefined && { promisc: (own.promiscuity ?? 0) > 0 }),
    ...(wanted.mtu !== undefined && { mtu: own.mtu }),
    ...(wanted.txQLen !== undefined && { txQLen: own.transmitQueueLength ?? 0 }),
    ...(wanted.allmulti !== undefined && {
      allmulti: (own.flags & linkFlag.allMulticast) !== 0,
    }),
  };
}

function changesOf({ mac, promisc, mtu, txQLen, allmulti }: Attributes): link.LinkChange {
  return {
    ...(mac !== undefined && { address: mac }),
    ...(promisc !== undefined && { promiscuous: promisc }),
    ...(mtu !== undefined && { mtu }),
    ...(txQLen !== undefined && { transmitQueueLength: txQLen }),
    ...(allmulti !== undefined && { allMulticast: allmulti }),
  };
}

/** Later plugins are told the new address, and the MTU where the result had one. */
function withAttributes(
  result: NetworkResult,
  interfaceName: string,
  { mac, mtu }: Attributes,
): NetworkResult {
  const interfaces = result.interfaces.map((one) =>
    one.name === interfaceName
      ? {
          ...one,
          ...(mac !== undefined && { mac }),
          ...(mtu !== undefined && one.mtu !== undefined && { mtu }),
        }
      : one,
  );
  return { ...result, interfaces };
}

function differs(what: string, wanted: unknown, found: unknown): never {
  throw new CniError(
    CniCode.internal,
    `Error: Tuning configured ${what} is ${String(wanted)}, current value is ${String(found)}`,
  );
}
