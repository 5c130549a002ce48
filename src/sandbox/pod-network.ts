import type { Attachment } from '../cni/attachment.ts';
import { CniCode, CniError } from '../cni/cni-error.ts';
import type { NetworkConfiguration } from '../cni/configuration.ts';
import { discoverNetworks } from '../cni/discovery.ts';
import { type Invoke, programInvoker } from '../cni/invocation.ts';
import { Network } from '../cni/network.ts';
import { ResultCache } from '../cni/result-cache.ts';
import type { NetworkResult } from '../cni/result.ts';
import { removeNetworkStatus, writeNetworkStatus } from '../cni/secondary/status-file.ts';
import type { PodSandboxRequest } from './sandbox-service.ts';
import { chooseSecondary, type SecondaryNetwork, statusOf } from './secondary-networks.ts';
import { DomainError, messageOf } from '../base/error.ts';
import { limits } from '../base/limits.ts';

export interface PodNetworkOptions {
  /** `/etc/cni/net.d`; its first usable files are the pods' networks. */
  readonly configurationFolder: string;
  /** How many networks a pod is attached to, as eth0, eth1 and on: 1 by default, 0 for all. */
  readonly maximumNetworks?: number;
  /** `/opt/cni/bin`, and where else plugins lie. */
  readonly pluginFolders: readonly string[];
  /** Results are kept here from ADD to DEL, over a reboot too: `/var/lib/cni/results`. */
  readonly cacheFolder: string;
  readonly invoke?: Invoke;
  /** Where definitions of further networks lie, and where what pods got of them is told. */
  readonly secondary?: { readonly definitions: string; readonly status: string };
}

/** The networks of one pod. */
export interface PodNetworks {
  /** Its own, as eth0, eth1 and on. */
  readonly networks?: readonly NetworkConfiguration[] | undefined;
  /** Those that it asks for besides. */
  readonly secondary?: readonly SecondaryNetwork[] | undefined;
}

/** Attaches pods to the networks that the CNI configuration folder names. */
export class PodNetwork {
  readonly #cache: ResultCache;
  #configurationFolder = '';
  #maximumNetworks = 1;
  #invoke: Invoke = programInvoker([]);
  #secondary: PodNetworkOptions['secondary'];

  constructor(options: PodNetworkOptions) {
    this.#cache = new ResultCache(options.cacheFolder);
    this.reconfigure(options);
  }

  /** For calls from now on; pods keep the networks that they are attached to. */
  reconfigure(options: Omit<PodNetworkOptions, 'cacheFolder'>): void {
    this.#configurationFolder = options.configurationFolder;
    this.#maximumNetworks = options.maximumNetworks || Infinity;
    this.#secondary = options.secondary;
    this.#invoke = options.invoke ?? programInvoker(options.pluginFolders);
  }

  /**
   * The networks that a new pod gets, its own addresses being of the first. The folder is read each
   * time: it is small, and what is in it holds at once. Throws DomainError `unavailable` when there
   * is none, and for further networks that it asks for and cannot have.
   */
  async choose({ attachment }: PodSandboxRequest, signal?: AbortSignal): Promise<PodNetworks> {
    const networks = await this.#own();
    if (attachment?.secondary === undefined) return { networks };
    if (this.#secondary === undefined) {
      throw new DomainError('unsupported', 'This runtime has no further networks for pods');
    }
    const { definitions } = this.#secondary;
    const folders = { definitions, configurations: this.#configurationFolder };
    return { networks, secondary: await chooseSecondary(attachment, folders, signal) };
  }

  async #own(): Promise<readonly NetworkConfiguration[]> {
    const { networks, rejected } = await discoverNetworks(this.#configurationFolder);
    const chosen = this.#first(networks);
    if (chosen.length > 0) return chosen;
    const reasons = rejected.map(({ path, reason }) => `; "${path}" is not usable: ${reason}`);
    throw new DomainError(
      'unavailable',
      `No network configuration in "${this.#configurationFolder}"${reasons.join('')}`,
    );
  }

  /** Why pods could not be attached now; undefined when they could. */
  async problem(): Promise<string | undefined> {
    try {
      const signal = deadline();
      for (const configuration of await this.#own()) {
        await this.#network(configuration).status(signal);
      }
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  /**
   * Attaches a pod to one network after the other, and gives what the first one answered. Throws
   * DomainError `unavailable` with the plugin's words; {@link detach} undoes what was done.
   */
  async attach(
    networks: PodNetworks,
    attachment: PodAttachmentOptions,
  ): Promise<NetworkResult | undefined> {
    const signal = deadline(attachment.signal);
    const results: NetworkResult[] = [];
    const interfaces = interfacesOf(networks, attachment);
    for (const [configuration, one] of interfaces) {
      try {
        results.push(await this.#network(configuration).add(one, signal));
      } catch (error) {
        const what = `Cannot attach pod "${attachment.request.id}"`;
        throw explained(what, configuration, error);
      }
    }
    if ((networks.secondary ?? []).length > 0) this.#tell(networks, attachment.request, results);
    return results[0];
  }

  /** For the node's agent, which tells the pod itself. */
  #tell(
    { networks = [], secondary = [] }: PodNetworks,
    { id, attachment }: PodSandboxRequest,
    results: readonly NetworkResult[],
  ): void {
    if (this.#secondary === undefined) return;
    const names = [...networks, ...secondary].map(({ name }) => name);
    const interfaces = [
      ...networks.map((_, index) => `eth${index}`),
      ...secondary.map(({ interfaceName }) => interfaceName),
    ];
    const status = results.map((result, index) =>
      statusOf(names[index] ?? '', interfaces[index] ?? '', result),
    );
    const { K8S_POD_NAMESPACE: namespace = '', K8S_POD_NAME: name = '' } =
      attachment?.arguments ?? {};
    const uid = attachment?.arguments?.['K8S_POD_UID'] ?? '';
    const text = JSON.stringify(status);
    writeNetworkStatus(this.#secondary.status, id, { namespace, name, uid, status: text });
  }

  /**
   * Succeeds when nothing is attached. All networks are tried, the last one first, even when one
   * fails; the first failure is thrown, and everything may be asked for again.
   */
  async detach(networks: PodNetworks, attachment: PodAttachmentOptions): Promise<void> {
    const signal = deadline();
    const failures: DomainError[] = [];
    if (networks.secondary !== undefined && this.#secondary !== undefined) {
      removeNetworkStatus(this.#secondary.status, attachment.request.id);
    }
    for (const [configuration, one] of interfacesOf(networks, attachment).toReversed()) {
      try {
        await this.#network(configuration).delete(one, signal);
      } catch (error) {
        const what = `Cannot detach pod "${attachment.request.id}"`;
        failures.push(explained(what, configuration, error));
      }
    }
    if (failures[0] !== undefined) throw failures[0];
  }

  /**
   * Gives back what a pod has by the cached results alone: nothing else knows it after a reboot, or
   * where its record is damaged. Its namespace is gone, or does not matter. `request`: what it was
   * asked for with, where that is known; it is detached from the networks of now where no result is
   * cached, as with what the first release made, for a plugin knows its leases by the pod's id.
   */
  async detachForgotten(podId: string, request?: PodSandboxRequest): Promise<void> {
    const signal = deadline();
    const cached = this.#cache.list().filter(({ attachment }) => attachment.containerId === podId);
    if (cached.length === 0 && request?.network === 'pod') {
      const networks = await this.#configured();
      return await this.detach({ networks }, { request, netns: undefined });
    }
    for (const { attachment, network } of cached) {
      try {
        await this.#network(network).delete({ ...attachment, netns: '' }, signal);
      } catch (error) {
        throw explained(`Cannot detach pod "${podId}"`, network, error);
      }
    }
  }

  async #configured(): Promise<readonly NetworkConfiguration[]> {
    return this.#first((await discoverNetworks(this.#configurationFolder)).networks);
  }

  #first(found: readonly { network: NetworkConfiguration }[]): readonly NetworkConfiguration[] {
    return found.slice(0, this.#maximumNetworks).map(({ network }) => network);
  }

  #network(configuration: NetworkConfiguration): Network {
    return new Network(configuration, { invoke: this.#invoke, cache: this.#cache });
  }
}

export interface PodAttachmentOptions {
  readonly request: PodSandboxRequest;
  /** The pinned namespace; absent when it is gone. */
  readonly netns: string | undefined;
  /** Gives up an attachment that is under way. */
  readonly signal?: AbortSignal | undefined;
}

/** The pod's interfaces in their order, as the plugins of their networks are called for them. */
function interfacesOf(
  { networks = [], secondary = [] }: PodNetworks,
  { request, netns }: PodAttachmentOptions,
): readonly (readonly [NetworkConfiguration, Attachment])[] {
  const { arguments: args, capabilityArguments } = request.attachment ?? {};
  const common = {
    containerId: request.id,
    ...(netns !== undefined && { netns }),
    ...(args && { arguments: args }),
  };
  const own = networks.map((configuration, index) => {
    const interfaceName = `eth${index}`;
    const capabilities = capabilityArguments && { capabilityArguments };
    return [configuration, { ...common, interfaceName, ...capabilities }] as const;
  });
  // Ports and rates of the pod are those of its own network.
  const others = secondary.map((one) => {
    const { configuration, interfaceName, capabilityArguments: asked } = one;
    return [configuration, { ...common, interfaceName, capabilityArguments: asked }] as const;
  });
  return [...own, ...others];
}

/** The pod's own addresses, without prefix length: those of interfaces inside a sandbox. */
export function addressesOf(result: NetworkResult | undefined): readonly string[] {
  const { addresses = [], interfaces = [] } = result ?? {};
  return addresses
    .filter(({ interface: index }) => index === undefined || interfaces[index]?.sandbox)
    .map(({ address }) => address.split('/')[0] ?? '');
}

function deadline(signal?: AbortSignal): AbortSignal {
  const late = AbortSignal.timeout(limits.cniCallMs);
  return signal === undefined ? late : AbortSignal.any([signal, late]);
}

function explained(what: string, { name }: NetworkConfiguration, error: unknown): DomainError {
  const details = error instanceof CniError && error.details !== '' ? ` (${error.details})` : '';
  const kind =
    error instanceof CniError && error.code === CniCode.invalidConfiguration
      ? 'invalid'
      : 'unavailable';
  const words = `${what}: network "${name}": ${messageOf(error)}${details}`;
  return new DomainError(kind, words, { cause: error });
}
