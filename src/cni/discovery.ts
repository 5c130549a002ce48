import { readFile, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hasCode } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { CniCode, CniError } from './cni-error.ts';
import { type NetworkConfiguration, parseNetwork, parsePlugin } from './configuration.ts';
import { parseObject } from './json.ts';

export interface FoundNetwork {
  readonly path: string;
  readonly network: NetworkConfiguration;
}

export interface Discovery {
  /** Usable networks, by file name; the first is the default one. */
  readonly networks: readonly FoundNetwork[];
  /** Files that could not be used, with one line each. */
  readonly rejected: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Reads a configuration folder (`/etc/cni/net.d`) as libcni does: files that end in .conf,
 * .conflist or .json, sorted by name. A bad file is reported and passed over. An absent folder is
 * an empty one.
 */
export async function discoverNetworks(folder: string): Promise<Discovery> {
  const networks: FoundNetwork[] = [];
  const rejected: { path: string; reason: string }[] = [];
  for (const name of await configurationNames(folder)) {
    const path = join(folder, name);
    try {
      networks.push({ path, network: await loadNetwork(path) });
    } catch (error) {
      rejected.push({ path, reason: reasonOf(error) });
    }
  }
  return { networks, rejected };
}

/** One network from its file, with the plugins of `<folder>/<network name>/` appended. */
export async function loadNetwork(path: string): Promise<NetworkConfiguration> {
  const { loadOnlyInlinedPlugins, ...network } = parseNetwork(await readBounded(path));
  if (loadOnlyInlinedPlugins) return network;
  const folder = join(path, '..', network.name);
  const names = (await namesIn(folder)).filter((name) => name.endsWith('.conf'));
  const loaded = await Promise.all(names.map((name) => loadPlugin(join(folder, name))));
  const plugins = [...network.plugins, ...loaded];
  if (plugins.length === 0) {
    throw new CniError(CniCode.invalidConfiguration, `Network "${network.name}" has no plugins`);
  }
  return { ...network, plugins };
}

async function configurationNames(folder: string): Promise<readonly string[]> {
  return (await namesIn(folder)).filter((name) => /\.(conf|conflist|json)$/.test(name));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => entry.name)
      .toSorted();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

async function loadPlugin(path: string) {
  return parsePlugin(parseObject(await readBounded(path), `"${path}"`));
}

async function readBounded(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > limits.cniDocumentBytes) {
    throw new CniError(CniCode.decode, `"${basename(path)}" is too large: ${size} bytes`);
  }
  return await readFile(path, 'utf8');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof CniError)) return String(error);
  return error.details === '' ? error.message : `${error.message} (${error.details})`;
}
