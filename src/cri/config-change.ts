import { isDeepStrictEqual } from 'node:util';
import { keyOf, type RuntimeConfig } from './config.ts';

/** What a running runtime can take; of everything else its parts were made at the start. */
const liveFields = [
  'logLevel',
  'cniConfig',
  'cniPlugins',
  'cniNetworks',
  'image',
  'runtimes',
] as const satisfies readonly (keyof RuntimeConfig)[];

export interface ConfigChange {
  /** What the runtime is to be from now on: `next` where it can be, else as it is. */
  readonly config: RuntimeConfig;
  /** Keys of settings that hold now. */
  readonly changed: readonly string[];
  /** Keys of settings that hold after a restart. */
  readonly needRestart: readonly string[];
}

/** What becomes of a running runtime that is told another configuration. */
export function planChange(running: RuntimeConfig, next: RuntimeConfig): ConfigChange {
  const live: readonly string[] = liveFields;
  const fields = (Object.keys(next) as (keyof RuntimeConfig)[]).filter(
    (field) => !isDeepStrictEqual(running[field], next[field]),
  );
  const changed = fields.filter((field) => live.includes(field));
  const taken = Object.fromEntries(changed.map((field) => [field, next[field]]));
  return {
    config: { ...running, ...taken },
    changed: changed.map(keyOf).toSorted(),
    needRestart: fields
      .filter((field) => !live.includes(field))
      .map(keyOf)
      .toSorted(),
  };
}
