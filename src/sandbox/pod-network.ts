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
  /** `/etc/cni/net.d`; its first usable file is the pods' network. */
  readonly configurationFolder: string;
  /** `/opt/cni/bin`, and where else plugins lie. */
  readonly pluginFolders: readonly string[];
  /** Results are kept here from ADD to DEL, over a reboot too. */
  readonly cacheFolder: string;
  readonly invoke?: Invoke;
}

/** Attaches pods to the network that the CNI configuration folder names. */
export class PodNetwork {
  readonly #configurationFolder: string;
  readonly #cache: ResultCache;
  readonly #invoke: Invoke;

  constructor(options: PodNetworkOptions) {
    this.#configurationFolder = options.configurationFolder;
    this.#cache = new ResultCache(options.cacheFolder);
    this.#invoke = options.invoke ?? programInvoker(options.pluginFolders);
  }

  /**
   * The network that a new pod gets. The folder is read each time: it is small, and what is in it
   * holds at once. Throws DomainError `unavailable` when there is none.
   */
  async choose(): Promise<NetworkConfiguration> {
    const { networks, rejected } = await discoverNetworks(this.#configurationFolder);
    const [found] = networks;
    if (found !== undefined) return found.network;
    const reasons = rejected.map(({ path, reason }) => `; "${path}" is not usable: ${reason}`);
    throw new DomainError(
      'unavailable',
      `No network configuration in "${this.#configurationFolder}"${reasons.join('')}`,
    );
  }

  /** Why pods could not be attached now; undefined when they could. */
  async problem(): Promise<string | undefined> {
    try {
      await this.#network(await this.choose()).status(deadline());
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Throws DomainError `unavailable` with the plugin's words; {@link detach} undoes it. */
  async attach(
    configuration: NetworkConfiguration,
    attachment: Attachment,
  ): Promise<NetworkResult> {
    try {
      return await this.#network(configuration).add(attachment, deadline());
    } catch (error) {
      throw explained(`Cannot attach pod "${attachment.containerId}"`, configuration, error);
    }
  }

  /** Succeeds when nothing is attached. */
  async detach(configuration: NetworkConfiguration, attachment: Attachment): Promise<void> {
    try {
      await this.#network(configuration).delete(attachment, deadline());
    } catch (error) {
      throw explained(`Cannot detach pod "${attachment.containerId}"`, configuration, error);
    }
  }

  #network(configuration: NetworkConfiguration): Network {
    return new Network(configuration, { invoke: this.#invoke, cache: this.#cache });
  }
}

/** The pod's one interface, as its plugins are called for it. */
export function attachmentOf(request: PodSandboxRequest, netns: string | undefined): Attachment {
  const { arguments: args, capabilityArguments } = request.attachment ?? {};
  return {
    containerId: request.id,
    interfaceName: 'eth0',
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

function deadline(): AbortSignal {
  return AbortSignal.timeout(limits.cniCallMs);
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
