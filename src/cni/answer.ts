import { messageOf } from '../base/error.ts';
import { asCniError, CniCode, CniError } from './cni-error.ts';
import type { JsonObject } from './json.ts';
import type { Journal } from './journal.ts';
import { type Environment, parseVerb, type RawRequest } from './parse-request.ts';
import { perform } from './perform.ts';
import type { CniPlugin } from './plugin.ts';
import { newestSpecVersion } from './spec-version.ts';

/** What a plugin's process prints and ends with. */
export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PluginCall {
  readonly environment: Environment;
  /** Read only when the verb has an input: a runtime may close stdin for VERSION. */
  readonly readInput: () => Promise<string>;
  readonly signal: AbortSignal;
  /** The namespace of CNI_NETNS, where the caller has opened it; it stays the caller's. */
  readonly netnsFd?: number | undefined;
  readonly invoke: RawRequest['invoke'];
  readonly journal?: Journal | undefined;
}

/** Serves one call of a plugin, from its environment to the bytes of its stdout. Never throws. */
export async function answer(plugin: CniPlugin, call: PluginCall): Promise<Answer> {
  if ((call.environment['CNI_COMMAND'] ?? '') === '') return introduction(plugin);
  try {
    if (parseVerb(call.environment) === 'VERSION') return printed(versions(plugin));
    const result = await perform(plugin, { ...call, input: await readAll(call) }, call);
    return result === undefined ? silent : printed(result);
  } catch (error) {
    return failure(error);
  }
}

const silent: Answer = { exitCode: 0, stdout: '', stderr: '' };

function introduction(plugin: CniPlugin): Answer {
  const versions = plugin.specVersions.join(', ');
  const text = `keelson CNI ${plugin.type} plugin\nCNI protocol versions: ${versions}\n`;
  return { exitCode: 0, stdout: '', stderr: text };
}

export function versions(plugin: CniPlugin): JsonObject {
  return { cniVersion: newestSpecVersion, supportedVersions: plugin.specVersions };
}

async function readAll(call: PluginCall): Promise<string> {
  try {
    return await call.readInput();
  } catch (error) {
    throw new CniError(CniCode.io, 'error reading from stdin', messageOf(error));
  }
}

/** The specification's error document. Logs and traces never go to stdout. */
export function failure(error: unknown): Answer {
  const { code, message: msg, details } = asCniError(error);
  const document = {
    cniVersion: newestSpecVersion,
    code,
    msg,
    ...(details !== '' && { details }),
  };
  return { ...printed(document), exitCode: 1 };
}

function printed(document: JsonObject): Answer {
  return { exitCode: 0, stdout: `${JSON.stringify(document, undefined, 4)}\n`, stderr: '' };
}
