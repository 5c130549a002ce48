import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { versions } from './answer.ts';
import { asCniError, CniCode, CniError } from './cni-error.ts';
import { type Invocation, type Invoke, programInvoker } from './invocation.ts';
import type { Journal } from './journal.ts';
import type { JsonObject } from './json.ts';
import { isOwnProgram } from './own-program.ts';
import { perform } from './perform.ts';
import type { CniPlugin } from './plugin.ts';

export interface BuiltinOptions {
  readonly plugins: ReadonlyMap<string, CniPlugin>;
  /** For calls of a runtime; absent for delegates, whose caller's record covers them. */
  readonly journal?: Journal;
}

/**
 * Invokes plugins of keelson within this process, and all others as programs of the folders.
 *
 * The folders have the last word, as they have with any runtime: the first program of the plugin's
 * name decides. keelson's own client there, or no program at all, means the plugin built in; any
 * other program is executed, so that an operator replaces one plugin by putting another there.
 */
export function builtinInvoker(options: BuiltinOptions): (folders: readonly string[]) => Invoke {
  return (folders) => {
    const execute = programInvoker(folders);
    return async (invocation, signal = new AbortController().signal) => {
      const plugin = options.plugins.get(invocation.type);
      if (plugin === undefined || isReplaced(folders, invocation.type)) {
        return await execute(invocation, signal);
      }
      try {
        return await call(plugin, invocation, { options, folders, signal });
      } catch (error) {
        throw seen(error, invocation, signal);
      }
    };
  };
}

interface CallContext {
  readonly options: BuiltinOptions;
  readonly folders: readonly string[];
  readonly signal: AbortSignal;
}

async function call(
  plugin: CniPlugin,
  { verb, environment, input, netnsFd }: Invocation,
  { options, folders, signal }: CallContext,
): Promise<JsonObject | undefined> {
  if (verb === 'VERSION') return versions(plugin);
  const path = folders.join(':') || '/opt/cni/bin';
  const raw = {
    environment: { ...environment, CNI_COMMAND: verb, CNI_PATH: path },
    input,
    netnsFd,
    invoke: builtinInvoker({ plugins: options.plugins }),
  };
  return await perform(plugin, raw, { signal, journal: options.journal });
}

function isReplaced(folders: readonly string[], type: string): boolean {
  for (const folder of folders) {
    const path = join(folder, type);
    try {
      accessSync(path, constants.X_OK);
      return !isOwnProgram(path);
    } catch {
      // The next folder may have it.
    }
  }
  return false;
}

/** A runtime sees of a plugin in its process what it would see of a program. */
function seen(error: unknown, { type }: Invocation, signal: AbortSignal): CniError {
  if (signal.aborted && !(error instanceof CniError)) {
    return new CniError(CniCode.tryAgainLater, `CNI plugin "${type}" was ended: it took too long`);
  }
  return asCniError(error);
}
