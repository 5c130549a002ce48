import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, messageOf } from '../base/error.ts';
import type { NetworkConfiguration } from '../cni/configuration.ts';
import { discoverNetworks } from '../cni/discovery.ts';
import type { NetworkResult } from '../cni/result.ts';
import { networkOfDefinition, readDefinition } from '../cni/secondary/definition.ts';
import { type NetworkSelection, parseSelections } from '../cni/secondary/selection.ts';
import type { PodAttachment } from './sandbox-service.ts';

/** A network besides the pod's own, with the interface that the pod has on it. */
export interface SecondaryNetwork {
  /** `default/macvlan-conf` */
  readonly name: string;
  readonly interfaceName: string;
  readonly configuration: NetworkConfiguration;
  readonly capabilityArguments: Readonly<Record<string, unknown>>;
}

export interface SecondaryFolders {
  /** Where the node's agent keeps the cluster's definitions. */
  readonly definitions: string;
  /** `/etc/cni/net.d` */
  readonly configurations: string;
}

/** A definition that was made a moment ago is waited for: the agent is told of it by a watch. */
const patienceMs = 2000;
const lookMs = 50;

/** The further networks that a pod asks for; none where it asks for none. Throws DomainError. */
export async function chooseSecondary(
  { secondary = '', arguments: args = {} }: PodAttachment,
  folders: SecondaryFolders,
  signal?: AbortSignal,
): Promise<readonly SecondaryNetwork[]> {
  const selections = parseSelections(secondary, args['K8S_POD_NAMESPACE'] ?? '');
  const chosen: SecondaryNetwork[] = [];
  const end = performance.now() + patienceMs;
  for (const selection of selections) {
    const name = `${selection.namespace}/${selection.name}`;
    const configuration = await find(selection, folders, { end, signal }).catch(
      (error: unknown) => {
        const words = `Network "${name}" cannot be used: ${messageOf(error)}`;
        throw new DomainError('unavailable', words, { cause: error });
      },
    );
    const capabilityArguments = capabilitiesOf(selection, name, configuration);
    const { interfaceName } = selection;
    chosen.push({ name, interfaceName, configuration, capabilityArguments });
  }
  return chosen;
}

async function find(
  selection: NetworkSelection,
  { definitions, configurations }: SecondaryFolders,
  { end, signal }: { readonly end: number; readonly signal: AbortSignal | undefined },
): Promise<NetworkConfiguration> {
  for (;;) {
    const definition = await readDefinition(definitions, selection);
    if (definition !== undefined && definition.config.trim() !== '') {
      return networkOfDefinition(definition);
    }
    if (definition !== undefined) return await configured(configurations, selection.name);
    if (performance.now() > end) {
      throw new DomainError('notFound', 'there is no NetworkAttachmentDefinition of this name');
    }
    await sleep(lookMs, undefined, signal === undefined ? {} : { signal });
  }
}

async function configured(folder: string, name: string): Promise<NetworkConfiguration> {
  const { networks } = await discoverNetworks(folder);
  const found = networks.find(({ network }) => network.name === name);
  if (found !== undefined) return found.network;
  throw new DomainError('notFound', `the definition is empty, and "${folder}" has no such network`);
}

/** What is asked for has to be heard by a plugin: silence would be another address than wanted. */
function capabilitiesOf(
  { ips, mac }: NetworkSelection,
  name: string,
  { plugins }: NetworkConfiguration,
): Readonly<Record<string, unknown>> {
  const asked = { ...(ips.length > 0 && { ips }), ...(mac !== '' && { mac }) };
  for (const capability of Object.keys(asked)) {
    if (plugins.some(({ capabilities }) => capabilities.includes(capability))) continue;
    const words = `Network "${name}" has no plugin with the capability "${capability}"`;
    throw new DomainError('invalid', words);
  }
  return asked;
}

/** One network's entry in the annotation that tells a pod what it got. */
export function statusOf(
  name: string,
  interfaceName: string,
  { interfaces, addresses, dns }: NetworkResult,
): object {
  const inside = interfaces.find(({ sandbox }) => sandbox !== undefined && sandbox !== '');
  const own = addresses.filter(
    ({ interface: index }) => index === undefined || Boolean(interfaces[index]?.sandbox),
  );
  const { nameservers, domain, search, options } = dns;
  return {
    name,
    interface: interfaceName,
    ...(own.length > 0 && { ips: own.map(({ address }) => address.split('/')[0]) }),
    ...(inside?.mac !== undefined && { mac: inside.mac }),
    ...(inside?.mtu !== undefined && { mtu: inside.mtu }),
    ...(interfaceName === 'eth0' && { default: true }),
    dns: {
      ...(nameservers.length > 0 && { nameservers }),
      ...(domain !== undefined && { domain }),
      ...(search.length > 0 && { search }),
      ...(options.length > 0 && { options }),
    },
  };
}
