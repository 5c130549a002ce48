import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { programInvoker } from '../../src/cni/invocation.ts';
import { Fields, isObject, type JsonObject } from '../../src/cni/json.ts';
import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import { decodeResult, encodeResult, type NetworkResult } from '../../src/cni/result.ts';
import { atLeast } from '../../src/cni/spec-version.ts';
import type { Undo } from '../undo.ts';
import { ipamPlugins } from './registry.ts';

/** The plugin that gives a network its addresses, by the key `ipam` of the configuration. */
export interface Ipam {
  readonly type: string;
  /** Gives addresses; whoever fails afterwards takes them back by what is noted with `undo`. */
  add(undo: Undo): Promise<NetworkResult>;
  delete(): Promise<void>;
  check(): Promise<void>;
  status(): Promise<void>;
  collectGarbage(): Promise<void>;
}

/**
 * The IPAM plugin of a request, undefined when the network has none. One of keelson's own is called
 * in this process; another is executed from CNI_PATH. Throws CniError 7.
 */
export function ipamOf(request: PluginRequest, signal: AbortSignal): Ipam | undefined {
  const type = ipamType(request.config);
  if (type === '') return undefined;
  const own = ipamPlugins.get(type);
  const plugin = own ?? program(type, request.path);
  return {
    type,
    async add(undo) {
      const release = () => plugin.delete({ ...request, verb: 'DEL' }, signal);
      // A program that failed may have left something (specification, section 4). Ours take back
      // all themselves, and a DEL would release what an earlier ADD of this container has.
      if (own === undefined) undo(release);
      const result = await plugin.add({ ...request, verb: 'ADD' }, signal);
      if (own !== undefined) undo(release);
      return inVersion(result, request);
    },
    delete: () => plugin.delete({ ...request, verb: 'DEL' }, signal),
    check: () => plugin.check({ ...request, verb: 'CHECK' }, signal),
    status: () => plugin.status({ ...request, verb: 'STATUS' }, signal),
    collectGarbage: () => plugin.collectGarbage({ ...request, verb: 'GC' }, signal),
  };
}

/** The type is looked for in the folders of CNI_PATH: it must not lead out of them. */
function ipamType(config: JsonObject): string {
  const ipam = config['ipam'];
  if (ipam === undefined || ipam === null) return '';
  if (!isObject(ipam)) {
    throw new CniError(CniCode.invalidConfiguration, 'Field "ipam" is not an object');
  }
  const fields = new Fields(ipam, 'the ipam configuration');
  const type = fields.string('type');
  if (/[/\\\0]/.test(type) || type === '.' || type === '..') {
    fields.fail('type', 'is no name of a plugin');
  }
  return type;
}

/** Before 0.3.0 there is one address a family: others must not reach the interface. */
function inVersion(result: NetworkResult, { specVersion }: PluginRequest): NetworkResult {
  if (atLeast(specVersion, '0.3.0')) return result;
  return decodeResult(encodeResult(result, specVersion), specVersion);
}

/** A program of CNI_PATH, with the methods of a plugin. */
function program(type: string, folders: readonly string[]): CniPlugin {
  const invoke = programInvoker(folders);
  const call = (request: PluginRequest, signal: AbortSignal) =>
    invoke(
      { verb: request.verb, type, environment: environmentOf(request), input: request.config },
      signal,
    );
  const silent = async (request: PluginRequest, signal: AbortSignal): Promise<void> => {
    await call(request, signal);
  };
  return {
    type,
    specVersions: [],
    async add(request, signal) {
      const document = await call(request, signal);
      if (document !== undefined) return decodeResult(document, request.specVersion);
      throw new CniError(CniCode.internal, `IPAM plugin "${type}" printed no result`);
    },
    delete: silent,
    check: silent,
    status: silent,
    collectGarbage: silent,
  };
}

function environmentOf(request: PluginRequest): Record<string, string> {
  const { containerId, interfaceName, netns, args } = request;
  return {
    CNI_CONTAINERID: containerId,
    CNI_IFNAME: interfaceName,
    CNI_NETNS: netns,
    CNI_ARGS: [...args].map((pair) => pair.join('=')).join(';'),
  };
}
