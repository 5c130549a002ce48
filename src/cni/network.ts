import { type Attachment, environmentOf } from './attachment.ts';
import { CniCode, CniError } from './cni-error.ts';
import {
  type NetworkConfiguration,
  type PluginConfiguration,
  pluginInput,
  type Stage,
} from './configuration.ts';
import type { Invocation, Invoke } from './invocation.ts';
import type { JsonObject } from './json.ts';
import { decodeResult, type NetworkResult } from './result.ts';
import type { AttachmentKey, ResultCache } from './result-cache.ts';
import { atLeast } from './spec-version.ts';

export interface NetworkOptions {
  readonly invoke: Invoke;
  readonly cache: ResultCache;
}

/**
 * One network and its verbs, as a runtime calls them (CNI specification, section 4). The caller
 * serializes the calls for one container. Throws CniError.
 */
export class Network {
  readonly configuration: NetworkConfiguration;
  readonly #invoke: Invoke;
  readonly #cache: ResultCache;

  constructor(configuration: NetworkConfiguration, options: NetworkOptions) {
    this.configuration = configuration;
    this.#invoke = options.invoke;
    this.#cache = options.cache;
  }

  /**
   * Calls the plugins in order, each with the result of the one before. After a failure the caller
   * calls {@link delete}, which undoes what was done.
   */
  async add(attachment: Attachment, signal?: AbortSignal): Promise<NetworkResult> {
    let result: JsonObject | undefined;
    for (const plugin of this.configuration.plugins) {
      const stage = stageOf(attachment, result);
      result = await this.#invoke(this.#call('ADD', plugin, { attachment, stage }), signal);
      if (result === undefined) throw silent(plugin);
    }
    if (result === undefined) throw new CniError(CniCode.internal, 'The network has no plugins');
    const decoded = decodeResult(result, this.configuration.specVersion);
    this.#cache.write({ attachment, network: this.configuration, result });
    return decoded;
  }

  /**
   * Calls the plugins in reverse, with the cached result where there is one. Succeeds when
   * nothing is there any more; all are called even when one fails, and the first failure is thrown.
   */
  async delete(attachment: Attachment, signal?: AbortSignal): Promise<void> {
    const cached = this.#cache.read(this.configuration.name, attachment);
    const failures: unknown[] = [];
    for (const plugin of this.configuration.plugins.toReversed()) {
      const stage = stageOf(attachment, this.#knows('0.4.0') ? cached?.result : undefined);
      try {
        await this.#invoke(this.#call('DEL', plugin, { attachment, stage }), signal);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    this.#cache.remove(this.configuration.name, attachment);
  }

  /** Throws when the attachment is not as ADD left it; nothing where the network disables it. */
  async check(attachment: Attachment, signal?: AbortSignal): Promise<void> {
    if (this.configuration.disableCheck) return;
    this.#needs('0.4.0', 'CHECK');
    const cached = this.#cache.read(this.configuration.name, attachment);
    if (cached === undefined) {
      throw new CniError(CniCode.unknownContainer, `No result for ${attachment.containerId}`);
    }
    for (const plugin of this.configuration.plugins) {
      const stage = stageOf(attachment, cached.result);
      await this.#invoke(this.#call('CHECK', plugin, { attachment, stage }), signal);
    }
  }

  /** Throws code 50 or 51 when ADD could not be served. Networks before 1.1 cannot say. */
  async status(signal?: AbortSignal): Promise<void> {
    if (!this.#knows('1.1.0')) return;
    for (const plugin of this.configuration.plugins) {
      await this.#invoke(this.#call('STATUS', plugin, { stage: {} }), signal);
    }
  }

  /**
   * Removes all attachments but the valid ones: those that are cached by DEL, and by GC what the
   * plugins themselves remember. Not to run beside {@link add} or {@link delete}.
   */
  async collectGarbage(valid: readonly AttachmentKey[], signal?: AbortSignal): Promise<void> {
    const isValid = (key: AttachmentKey) => valid.some((entry) => sameKey(entry, key));
    for (const { attachment } of this.#cache.list(this.configuration.name)) {
      if (!isValid(attachment)) await this.delete(withoutNetns(attachment), signal);
    }
    if (this.configuration.disableGarbageCollection || !this.#knows('1.1.0')) return;
    const attachments = valid.map((key) => ({
      containerID: key.containerId,
      ifname: key.interfaceName,
    }));
    // libcni wrote the second key before the specification settled on the first.
    const extra = { 'cni.dev/valid-attachments': attachments, 'cni.dev/attachments': attachments };
    for (const plugin of this.configuration.plugins) {
      await this.#invoke(this.#call('GC', plugin, { stage: { extra } }), signal);
    }
  }

  /** The cached result of an attachment, as a restarted runtime needs it. */
  cachedResult(key: AttachmentKey): NetworkResult | undefined {
    const cached = this.#cache.read(this.configuration.name, key);
    return cached && decodeResult(cached.result, cached.network.specVersion);
  }

  #call(
    verb: Invocation['verb'],
    plugin: PluginConfiguration,
    { attachment, stage }: { attachment?: Attachment; stage: Stage },
  ): Invocation {
    return {
      verb,
      type: plugin.type,
      environment: attachment === undefined ? {} : environmentOf(attachment),
      input: pluginInput(this.configuration, plugin, stage),
    };
  }

  #knows(version: '0.4.0' | '1.1.0'): boolean {
    return atLeast(this.configuration.specVersion, version);
  }

  #needs(version: '0.4.0' | '1.1.0', verb: string): void {
    if (this.#knows(version)) return;
    throw new CniError(
      CniCode.incompatibleVersion,
      `Configuration version ${this.configuration.specVersion} does not allow ${verb}`,
    );
  }
}

function stageOf(attachment: Attachment, previousResult: JsonObject | undefined): Stage {
  return { previousResult, capabilityArguments: attachment.capabilityArguments ?? {} };
}

function silent(plugin: PluginConfiguration): CniError {
  return new CniError(CniCode.decode, `CNI plugin "${plugin.type}" answered ADD with nothing`);
}

function sameKey(a: AttachmentKey, b: AttachmentKey): boolean {
  return a.containerId === b.containerId && a.interfaceName === b.interfaceName;
}

/** A namespace of a container that is gone may be another's by now. */
function withoutNetns(attachment: Attachment): Attachment {
  return { ...attachment, netns: '' };
}
