import { readFeatures } from '../container/runtime-features.ts';
import type { RuntimeConfig } from '../cri/config.ts';
import type { RuntimeHandlers } from '../cri/runtime-handlers.ts';

/** The runtimes of the configuration. One that is not there yet is found when a pod needs it. */
export async function openHandlers(runtimes: RuntimeConfig['runtimes']): Promise<RuntimeHandlers> {
  const entries = Object.entries(runtimes).map(async ([name, binary]) => {
    return [name, { binary, features: await readFeatures(binary) }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
