import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { hasShape } from '../../base/shape.ts';
import { readState, writeVolatileState } from '../../base/state-file.ts';
import { type NetworkConfiguration, parseNetwork } from '../configuration.ts';
import { fileNameOf } from '../file-name.ts';
import { isObject, parseObject } from '../json.ts';

/** A network as the cluster defines it, in the node's folder. */
export interface NetworkDefinition {
  readonly namespace: string;
  readonly name: string;
  /** Configuration of CNI in JSON; empty for the network of that name in the node's own folder. */
  readonly config: string;
}

type Named = Pick<NetworkDefinition, 'namespace' | 'name'>;

function pathOf(folder: string, { namespace, name }: Named): string {
  return join(folder, `${fileNameOf([namespace, name])}.json`);
}

/** What is too large to be read is not written. */
export async function writeDefinition(
  folder: string,
  definition: NetworkDefinition,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  writeVolatileState(pathOf(folder, definition), definition);
}

export async function removeDefinition(folder: string, definition: Named): Promise<void> {
  await rm(pathOf(folder, definition), { force: true });
}

/** Removes all but these. */
export async function keepDefinitions(folder: string, kept: readonly Named[]): Promise<void> {
  const names = new Set(kept.map((one) => pathOf(folder, one)));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    if (!names.has(join(folder, name))) await rm(join(folder, name), { force: true });
  }
}

/** Undefined when there is none. */
export async function readDefinition(
  folder: string,
  named: Named,
): Promise<NetworkDefinition | undefined> {
  const document = await readState(pathOf(folder, named));
  if (document === undefined) return undefined;
  const shape = { namespace: 'string', name: 'string', config: 'string' } as const;
  if (!hasShape(document, shape)) throw new DomainError('invalid', 'the definition is damaged');
  return document as NetworkDefinition;
}

/**
 * The network that a definition's text describes; it has the definition's name where it says none.
 * Plugins in files of the node are not added to it. Throws CniError.
 */
export function networkOfDefinition({ name, config }: NetworkDefinition): NetworkConfiguration {
  if (config.length > limits.cniDocumentBytes) {
    throw new DomainError('invalid', `The configuration is too large: ${config.length} bytes`);
  }
  const document = parseObject(config, 'the network configuration');
  const named = document['name'] === undefined ? { ...document, name } : document;
  if (isObject(named) && named['loadOnlyInlinedPlugins'] === false) {
    throw new DomainError('unsupported', 'Plugins in files of the node cannot be added to it');
  }
  const { loadOnlyInlinedPlugins: _, ...network } = parseNetwork(JSON.stringify(named));
  if (network.plugins.length > 0) return network;
  throw new DomainError('invalid', 'The configuration has no plugins');
}
