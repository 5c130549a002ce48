import type { Verb } from './invocation.ts';
import type { JsonObject } from './json.ts';
import type { NetworkResult } from './result.ts';
import type { AttachmentKey } from './result-cache.ts';
import type { SpecVersion } from './spec-version.ts';

/** What a plugin is called with, checked: environment and stdin as one value. */
export interface PluginRequest {
  readonly verb: Exclude<Verb, 'VERSION'>;
  /** Empty for GC and STATUS, as is the interface's name. */
  readonly containerId: string;
  readonly interfaceName: string;
  /** Absent or stale for DEL. */
  readonly netns: string;
  /**
   * The namespace itself where the caller opened it: a path may be swapped under its feet. The
   * caller closes it when the call has ended; `netns` is then for results and messages alone.
   */
  readonly netnsFd?: number;
  /** CNI_ARGS, in their order. */
  readonly args: ReadonlyMap<string, string>;
  /** Folders with programs of other plugins. */
  readonly path: readonly string[];
  readonly networkName: string;
  readonly specVersion: SpecVersion;
  /** The whole document, for the keys that are the plugin's own. */
  readonly config: JsonObject;
  readonly runtimeConfig: JsonObject;
  readonly previousResult: NetworkResult | undefined;
  /** For GC. */
  readonly validAttachments: readonly AttachmentKey[];
  /** Calls another plugin, such as `ipam.type`, for the same attachment. Throws its CniError. */
  readonly delegate: Delegate;
}

export interface DelegateCall {
  readonly verb: Verb;
  readonly type: string;
  /** What it gets on stdin; nearly always the caller's own `config`. */
  readonly config: JsonObject;
}

/** Gives the delegate's answer: a document for ADD, undefined for the verbs without one. */
export type Delegate = (call: DelegateCall, signal: AbortSignal) => Promise<JsonObject | undefined>;

/**
 * One plugin. All verbs are there on all plugins; DEL and GC succeed when there is nothing to do.
 * Throws CniError, and others, which are answered with code 999.
 */
export interface CniPlugin {
  readonly type: string;
  readonly specVersions: readonly SpecVersion[];
  add(request: PluginRequest, signal: AbortSignal): Promise<NetworkResult>;
  delete(request: PluginRequest, signal: AbortSignal): Promise<void>;
  check(request: PluginRequest, signal: AbortSignal): Promise<void>;
  /** Throws code 50 or 51 when ADD could not be served. */
  status(request: PluginRequest, signal: AbortSignal): Promise<void>;
  /** Removes what is not of a valid attachment; goes on after failures and reports all. */
  collectGarbage(request: PluginRequest, signal: AbortSignal): Promise<void>;
}
