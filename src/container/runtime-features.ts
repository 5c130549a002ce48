import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { spawn } from '../kernel/spawn.ts';
import type { RuntimeBinary } from './container-engine.ts';

/** What a kubelet asks of a runtime handler. */
export interface RuntimeFeatures {
  readonly recursiveReadOnlyMounts: boolean;
  readonly userNamespaces: boolean;
}

interface FeaturesDocument {
  readonly mountOptions?: readonly string[];
  readonly linux?: {
    readonly namespaces?: readonly string[];
    readonly mountExtensions?: { readonly idmap?: { readonly enabled?: boolean } };
  };
}

/**
 * By the runtime's own `features` command (features.md of the OCI runtime specification). One that
 * has none, or fails, is taken to have neither.
 */
export async function readFeatures(binary: RuntimeBinary): Promise<RuntimeFeatures> {
  try {
    const child = await spawn({ args: [binary.path, ...binary.options, 'features'] });
    child.stderr?.resume();
    const output = text(child.stdout ?? Readable.from([]));
    const [answer, { exitCode }] = await Promise.all([output, child.wait()]);
    return exitCode === 0 ? featuresOf(JSON.parse(answer) as FeaturesDocument) : none;
  } catch {
    return none;
  }
}

const none: RuntimeFeatures = { recursiveReadOnlyMounts: false, userNamespaces: false };

/** A pod's user namespace needs volumes whose owners are mapped as well. */
export function featuresOf({ mountOptions = [], linux = {} }: FeaturesDocument): RuntimeFeatures {
  const mapped = linux.mountExtensions?.idmap?.enabled === true;
  return {
    recursiveReadOnlyMounts: mountOptions.includes('rro'),
    userNamespaces: mapped && (linux.namespaces ?? []).includes('user'),
  };
}
