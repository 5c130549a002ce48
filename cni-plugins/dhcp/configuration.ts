import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields, isObject, type JsonObject } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import { option } from './message.ts';

export interface DhcpConfiguration {
  /** Options that every message carries. */
  readonly options: ReadonlyMap<number, Uint8Array>;
  /** The metric of all routes; 0 for none. */
  readonly priority: number;
}

/** dhcp-options(5), those that the reference knows by name. */
const names = new Map<string, number>([
  ['dhcp-client-identifier', option.clientId],
  ['subnet-mask', option.subnetMask],
  ['routers', option.router],
  ['host-name', option.hostName],
  ['user-class', option.userClass],
  ['vendor-class-identifier', option.vendorClass],
]);
const requestedAlways = [option.router, option.subnetMask];
const longestId = 254;

/** Throws CniError 7. */
export function parseConfiguration(request: PluginRequest): DhcpConfiguration {
  const ipam = request.config['ipam'];
  if (!isObject(ipam)) refuse("IPAM config missing 'ipam' key");
  const fields = new Fields(ipam, 'the ipam configuration');
  fields.string('daemonSocketPath');
  const wanted = requestedOptions(fields.objects('request'));
  return {
    options: new Map([
      [option.clientId, clientId(request)],
      ...providedOptions(fields.objects('provide'), request.args),
      ...(wanted.length > 0 ? [[option.parameterList, Uint8Array.from(wanted)] as const] : []),
    ]),
    priority: fields.index('priority') ?? 0,
  };
}

/** As the reference names a client, so that a server gives the same address to either. */
function clientId({ containerId, networkName, interfaceName }: PluginRequest): Uint8Array {
  const name = Buffer.from(`${containerId}/${networkName}/${interfaceName}`).subarray(0, longestId);
  return Buffer.concat([Buffer.from([0]), name]);
}

function providedOptions(
  listed: readonly JsonObject[],
  args: PluginRequest['args'],
): readonly (readonly [number, Uint8Array])[] {
  return listed.flatMap((document) => {
    const fields = new Fields(document, 'a provided option');
    const code = codeOf(fields.string('option'));
    const value = args.get(fields.string('fromArg')) ?? fields.string('value');
    const bytes = Buffer.from(value);
    if (bytes.length > 255) refuse(`value too long for option "${fields.string('option')}"`);
    return bytes.length === 0 ? [] : [[code, bytes] as const];
  });
}

function requestedOptions(listed: readonly JsonObject[]): readonly number[] {
  const fields = listed.map((document) => new Fields(document, 'a requested option'));
  const skipped = fields.some((one) => one.boolean('skipDefault'));
  const codes = fields
    .map((one) => one.string('option'))
    .filter(Boolean)
    .map(codeOf);
  return [...new Set([...codes, ...(skipped ? [] : requestedAlways)])];
}

function codeOf(text: string): number {
  const code = names.get(text) ?? (/^\d{1,3}$/.test(text) ? Number(text) : 0);
  if (code > 0 && code < 255) return code;
  return refuse(`Can not parse option "${text}"`);
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
