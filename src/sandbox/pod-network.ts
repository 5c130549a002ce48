import type { Attachment } from '../cni/attachment.ts';
import { CniCode, CniError } from '../cni/cni-error.ts';
import type { NetworkConfiguration } from '../cni/configuration.ts';
import { discoverNetworks } from '../cni/discovery.ts';
import { type Invoke, programInvoker } from '../cni/invocation.ts';
import { Network } from '../cni/network.ts';
import { ResultCache } from '../cni/result-cache.ts';
import type { NetworkResult } from '../cni/result.ts';
import type { PodSandboxRequest } from './sandbox-service.ts';
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
}

/** Attaches pods to the networks that the CNI configuration folder names. */
export class PodNetwork {
  readonly #cache: ResultCache;
  #configurationFolder = '';
  #maximumNetworks = 1;
  #invoke: Invoke = programInvoker([]);

  constructor(options: PodNetworkOptions) {
    this.#cache = new ResultCache(options.cacheFolder);
    this.reconfigure(options);
  }

  /** For calls from now on; pods keep the networks that they are attached to. */
  reconfigure(options: Omit<PodNetworkOptions, 'cacheFolder'>): void {
    this.#configurationFolder = options.configurationFolder;
    this.#maximumNetworks = options.maximumNetworks || Infinity;
    this.#invoke = options.invoke ?? programInvoker(options.pluginFolders);
  }

  /**
   * The networks that a new pod gets, its own addresses being of the first. The folder is read each
   * time: it is small, and what is in it holds at once. Throws DomainError `unavailable` when there
   * is none.
   */
  async choose(): Promise<readonly NetworkConfiguration[]> {
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
      for (const configuration of await this.choose()) {
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
    configurations: readonly NetworkConfiguration[],
    attachment: PodAttachmentOptions,
  ): Promise<NetworkResult | undefined> {
    const signal = deadline(attachment.signal);
    const results: NetworkResult[] = [];
    for (const [index, configuration] of configurations.entries()) {
      const network = this.#network(configuration);
      try {
        results.push(await network.add(attachmentOf(attachment, index), signal));
      } catch (error) {
        const what = `Cannot attach pod "${attachment.request.id}"`;
        throw explained(what, configuration, error);
      }
    }
    return results[0];
  }

  /**
   * Succeeds when nothing is attached. All networks are tried, the last one first, even when one
   * fails; the first failure is thrown, and everything may be asked for again.
   */
  async detach(
    configurations: readonly NetworkConfiguration[],
    attachment: PodAttachmentOptions,
  ): Promise<void> {
    const signal = deadline();
    const failures: DomainError[] = [];
    for (const [index, configuration] of [...configurations.entries()].toReversed()) {
      const network = this.#network(configuration);
      try {
        await network.delete(attachmentOf(attachment, index), signal);
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
      return await this.detach(networks, { request, netns: undefined });
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

/** One of the pod's interfaces, as the plugins of its network are called for it. */
function attachmentOf({ request, netns }: PodAttachmentOptions, index: number): Attachment {
  const { arguments: args, capabilityArguments } = request.attachment ?? {};
  return {
    containerId: request.id,
    interfaceName: `eth${index}`,
    ...(netns !== undefined && { netns }),
    ...(args && { arguments: args }),
    ...(capabilityArguments && { capabilityArguments }),
  };
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
