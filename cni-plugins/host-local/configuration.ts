import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields, isObject, type JsonObject } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import { decodeResult, type ResultRoute } from '../../src/cni/result.ts';
import { type AddressNumber, numberOf } from './number.ts';
import { overlap, parseRangeSet, type RangeSet, type RangeText } from './range.ts';

/** The `ipam` section of a network, checked. */
export interface HostLocalConfiguration {
  readonly sets: readonly RangeSet[];
  readonly routes: readonly ResultRoute[];
  /** The folder that holds one folder a network. */
  readonly dataFolder: string;
  readonly resolvConf: string;
  /** Addresses that this attachment asks for; each is to be found in one set. */
  readonly requested: readonly AddressNumber[];
}

const defaultDataFolder = '/var/lib/cni/networks';
const maximumSets = 64;

/** Throws CniError 4 and 7. */
export function parseConfiguration(request: PluginRequest): HostLocalConfiguration {
  const ipam = request.config['ipam'];
  if (!isObject(ipam)) refuse("IPAM config missing 'ipam' key");
  const fields = new Fields(ipam, 'the ipam configuration');
  const sets = rangeSets(request, fields, ipam).map(parseRangeSet);
  if (sets.length === 0) refuse('no IP ranges specified');
  refuseOverlap(sets);
  return {
    sets,
    routes: decodeResult({ routes: fields.objects('routes') }, '1.1.0').routes,
    dataFolder: fields.string('dataDir') || defaultDataFolder,
    resolvConf: fields.string('resolvConf'),
    requested: requestedAddresses(request),
  };
}

/** Those of the runtime come first, then the old single range, then `ranges`. */
function rangeSets(
  request: PluginRequest,
  fields: Fields,
  ipam: JsonObject,
): readonly (readonly RangeText[])[] {
  const given = listOfLists(request.runtimeConfig['ipRanges'], 'ipRanges');
  const old = fields.string('subnet') === '' ? [] : [[ipam]];
  const listed = listOfLists(ipam['ranges'], 'ranges');
  const sets = [...given, ...old, ...listed];
  if (sets.length > maximumSets) refuse(`over ${maximumSets} range sets`);
  return sets.map((set) => set.map(rangeText));
}

function listOfLists(value: unknown, key: string): readonly (readonly JsonObject[])[] {
  if (value === undefined || value === null) return [];
  const fits =
    Array.isArray(value) && value.every((set) => Array.isArray(set) && set.every(isObject));
  if (!fits) refuse(`"${key}" is not a list of lists of ranges`);
  return value;
}

function rangeText(document: JsonObject): RangeText {
  const fields = new Fields(document, 'a range');
  return {
    subnet: fields.string('subnet'),
    rangeStart: fields.string('rangeStart'),
    rangeEnd: fields.string('rangeEnd'),
    gateway: fields.string('gateway'),
  };
}

function refuseOverlap(sets: readonly RangeSet[]): void {
  for (const [index, set] of sets.entries()) {
    for (const [otherIndex, other] of sets.slice(0, index).entries()) {
      const clash = set.some((range) => other.some((twin) => overlap(range, twin)));
      if (clash) refuse(`range set ${index} overlaps with ${otherIndex}`);
    }
  }
}

/** CNI_ARGS is the oldest way, then `args.cni.ips`, then the capability `ips`; all count. */
function requestedAddresses(request: PluginRequest): readonly AddressNumber[] {
  const args = request.config['args'];
  const cni = isObject(args) && isObject(args['cni']) ? args['cni'] : {};
  const texts = [
    ...argumentAddress(request.args),
    ...new Fields(cni, 'args.cni').strings('ips'),
    ...new Fields(request.runtimeConfig, 'runtimeConfig').strings('ips'),
  ];
  return texts.map((text) => {
    try {
      return numberOf(text.split('/')[0] ?? '');
    } catch {
      return refuse(`invalid requested IP address "${text}"`);
    }
  });
}

/** The reference refuses arguments that it does not know, unless it is told to ignore them. */
function argumentAddress(args: PluginRequest['args']): readonly string[] {
  const known = new Set(['IP', 'IgnoreUnknown', 'K8S_POD_NAMESPACE', 'K8S_POD_NAME']);
  const unknown = [...args.keys()].filter((key) => !known.has(key) && !key.startsWith('K8S_'));
  const ignored = /^(1|true)$/i.test(args.get('IgnoreUnknown') ?? '');
  if (unknown.length > 0 && !ignored) {
    throw new CniError(
      CniCode.invalidEnvironment,
      `ARGS: unknown args ${JSON.stringify(unknown.map((key) => `${key}=${args.get(key)}`))}`,
    );
  }
  const address = args.get('IP') ?? '';
  return address === '' ? [] : [address];
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
