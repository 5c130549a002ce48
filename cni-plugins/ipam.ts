import { CniCode, CniError } from '../src/cni/cni-error.ts';
import { Fields, isObject, type JsonObject } from '../src/cni/json.ts';
import type { PluginRequest } from '../src/cni/plugin.ts';
import { decodeResult, type NetworkResult } from '../src/cni/result.ts';
import { all, type Undo } from './undo.ts';

/** The plugin that gives a network its addresses, by the key `ipam` of the configuration. */
export interface Ipam {
  readonly type: string;
  /** Gives at least one address. Whoever fails afterwards takes them back by `undo`. */
  readonly add: (undo: Undo) => Promise<NetworkResult>;
  readonly delete: () => Promise<void>;
  readonly check: () => Promise<void>;
  readonly status: () => Promise<void>;
  readonly collectGarbage: () => Promise<void>;
}

/**
 * The IPAM plugin of a request, undefined when the network has none. Call `add` once the interface
 * is made: then no earlier ADD of the same attachment is alive, whose address a failure of this one
 * would release. Throws CniError 7.
 */
export function ipamOf(request: PluginRequest, signal: AbortSignal): Ipam | undefined {
  const type = ipamType(request.config);
  if (type === '') return undefined;
  const { config, delegate } = request;
  const call = async (verb: 'DEL' | 'CHECK' | 'STATUS' | 'GC') => {
    await delegate({ verb, type, config }, signal);
  };
  return {
    type,
    async add(undo) {
      // Noted before: an ADD that fails may have left something (specification, section 4).
      undo(() => call('DEL'));
      const document = await delegate({ verb: 'ADD', type, config }, signal);
      const result = decodeResult(document ?? {}, request.specVersion);
      if (result.addresses.length > 0) return result;
      throw new CniError(CniCode.internal, 'IPAM plugin returned missing IP config');
    },
    delete: () => call('DEL'),
    check: () => call('CHECK'),
    status: () => call('STATUS'),
    collectGarbage: () => call('GC'),
  };
}

/**
 * DEL: does all even when some fail. The address is released last, for then it may be another
 * container's; but a DHCP server is told first, through the interface that goes.
 */
export async function deleteWith(
  ipam: Ipam | undefined,
  ...works: readonly (() => Promise<unknown>)[]
): Promise<void> {
  if (ipam === undefined) return await all(...works);
  await all(...(ipam.type === 'dhcp' ? [ipam.delete, ...works] : [...works, ipam.delete]));
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
