import { isIP } from 'node:net';
import { CniCode, CniError } from './cni-error.ts';
import { Fields, type JsonObject } from './json.ts';
import { atLeast, isSpecVersion, type SpecVersion } from './spec-version.ts';

/** What an ADD made, in the shape of specification 1.1; older shapes are converted. */
export interface NetworkResult {
  readonly interfaces: readonly ResultInterface[];
  readonly addresses: readonly ResultAddress[];
  readonly routes: readonly ResultRoute[];
  readonly dns: ResultDns;
}

export interface ResultInterface {
  readonly name: string;
  readonly mac?: string;
  readonly mtu?: number;
  /** The namespace's path; absent for an interface of the host. */
  readonly sandbox?: string;
  readonly socketPath?: string;
  readonly pciId?: string;
}

export interface ResultAddress {
  /** With prefix length: `10.1.0.5/16`. */
  readonly address: string;
  readonly gateway?: string;
  /** Index in `interfaces`; 0 is not the same as none. */
  readonly interface?: number;
}

export interface ResultRoute {
  readonly destination: string;
  readonly gateway?: string;
  readonly mtu?: number;
  readonly advmss?: number;
  readonly priority?: number;
  readonly table?: number;
  readonly scope?: number;
}

export interface ResultDns {
  readonly nameservers: readonly string[];
  readonly domain?: string;
  readonly search: readonly string[];
  readonly options: readonly string[];
}

const maximumEntries = 1024;

/**
 * Reads a plugin's answer. It is foreign input: addresses are checked, lists bounded. A result
 * without a version has its configuration's. Throws CniError 1 or 7.
 */
export function decodeResult(document: JsonObject, implied: SpecVersion): NetworkResult {
  const fields = new Fields(document, 'the result');
  const version = fields.string('cniVersion') || implied;
  if (!isSpecVersion(version)) {
    throw new CniError(CniCode.incompatibleVersion, `Result has the unknown version "${version}"`);
  }
  const dns = decodeDns(fields);
  if (!atLeast(version, '0.3.0')) return { ...decodeFamilies(fields), dns };
  const interfaces = bounded(fields, 'interfaces').map(decodeInterface);
  const addresses = bounded(fields, 'ips').map(decodeAddress);
  if (addresses.some(({ interface: index = 0 }) => index > 0 && index >= interfaces.length)) {
    fields.fail('ips', 'names an interface that is not in the result');
  }
  return { interfaces, addresses, routes: bounded(fields, 'routes').map(decodeRoute), dns };
}

/** The result as the given version has it. Throws CniError where that version cannot say it. */
export function encodeResult(result: NetworkResult, version: SpecVersion): JsonObject {
  if (!atLeast(version, '0.3.0')) return encodeFamilies(result, version);
  const current = atLeast(version, '1.0.0');
  return {
    cniVersion: version,
    ...some(
      'interfaces',
      result.interfaces.map((entry) => encodeInterface(entry, current)),
    ),
    ...some(
      'ips',
      result.addresses.map((entry) => encodeAddress(entry, current)),
    ),
    ...some(
      'routes',
      result.routes.map((entry) => encodeRoute(entry, current)),
    ),
    ...encodeDns(result.dns, current),
  };
}

/** Family of an address with or without prefix length: 4 or 6. */
export function familyOf(address: string): 4 | 6 {
  return isIP(address.split('/')[0] ?? '') === 6 ? 6 : 4;
}

function bounded(fields: Fields, key: string): readonly JsonObject[] {
  const entries = fields.objects(key);
  if (entries.length > maximumEntries) fields.fail(key, `has over ${maximumEntries} entries`);
  return entries;
}

function decodeInterface(document: JsonObject): ResultInterface {
  const fields = new Fields(document, "the result's interface");
  return {
    name: fields.string('name'),
    ...given('mac', fields.string('mac')),
    ...given('mtu', fields.index('mtu')),
    ...given('sandbox', fields.string('sandbox')),
    ...given('socketPath', fields.string('socketPath')),
    ...given('pciId', fields.string('pciID')),
  };
}

function decodeAddress(document: JsonObject): ResultAddress {
  const fields = new Fields(document, "the result's ips");
  return {
    address: prefix(fields, 'address'),
    ...given('gateway', address(fields, 'gateway')),
    ...given('interface', fields.index('interface')),
  };
}

function decodeRoute(document: JsonObject): ResultRoute {
  const fields = new Fields(document, "the result's routes");
  return {
    destination: prefix(fields, 'dst'),
    ...given('gateway', address(fields, 'gw')),
    ...given('mtu', fields.index('mtu')),
    ...given('advmss', fields.index('advmss')),
    ...given('priority', fields.index('priority')),
    ...given('table', fields.index('table')),
    ...given('scope', fields.index('scope')),
  };
}

function decodeDns(fields: Fields): ResultDns {
  const dns = new Fields(fields.object('dns') ?? {}, "the result's dns");
  return {
    nameservers: dns.strings('nameservers'),
    ...given('domain', dns.string('domain')),
    search: dns.strings('search'),
    options: dns.strings('options'),
  };
}

/** Versions 0.1.0 and 0.2.0: one address of each family, with the routes below it. */
function decodeFamilies(fields: Fields): Omit<NetworkResult, 'dns'> {
  const families = ['ip4', 'ip6'].map((key) => fields.object(key)).filter((found) => !!found);
  return {
    interfaces: [],
    addresses: families.map((document) => {
      const family = new Fields(document, "the result's ip4 or ip6");
      return { address: prefix(family, 'ip'), ...given('gateway', address(family, 'gateway')) };
    }),
    routes: families.flatMap((document) =>
      bounded(new Fields(document, "the result's ip4 or ip6"), 'routes').map(decodeRoute),
    ),
  };
}

function encodeFamilies(result: NetworkResult, version: SpecVersion): JsonObject {
  const families = ([4, 6] as const).flatMap((family) => {
    const first = result.addresses.find((entry) => familyOf(entry.address) === family);
    if (first === undefined) return [];
    const routes = result.routes
      .filter((route) => familyOf(route.destination) === family)
      .map((route) => encodeRoute(route, false));
    const body = {
      ip: first.address,
      ...given('gateway', first.gateway),
      ...some('routes', routes),
    };
    return [[`ip${family}`, body] as const];
  });
  if (families.length === 0) {
    throw new CniError(CniCode.internal, `Cannot convert to ${version}: no valid IP addresses`);
  }
  return { cniVersion: version, ...Object.fromEntries(families), ...encodeDns(result.dns, false) };
}

function encodeInterface(entry: ResultInterface, current: boolean): JsonObject {
  const { name, mac, sandbox, mtu, socketPath, pciId } = entry;
  const old = { name, ...given('mac', mac), ...given('sandbox', sandbox) };
  if (!current) return old;
  return {
    ...old,
    ...given('mtu', mtu),
    ...given('socketPath', socketPath),
    ...given('pciID', pciId),
  };
}

function encodeAddress(entry: ResultAddress, current: boolean): JsonObject {
  return {
    ...(!current && { version: String(familyOf(entry.address)) }),
    ...given('interface', entry.interface),
    address: entry.address,
    ...given('gateway', entry.gateway),
  };
}

function encodeRoute(route: ResultRoute, current: boolean): JsonObject {
  const { destination, gateway, ...metrics } = route;
  return { dst: destination, ...given('gw', gateway), ...(current && metrics) };
}

/** Before 1.0 the key stands there even when it says nothing. */
function encodeDns(dns: ResultDns, current: boolean): JsonObject {
  const body = {
    ...some('nameservers', dns.nameservers),
    ...given('domain', dns.domain),
    ...some('search', dns.search),
    ...some('options', dns.options),
  };
  return current && Object.keys(body).length === 0 ? {} : { dns: body };
}

function prefix(fields: Fields, key: string): string {
  const text = fields.string(key);
  const [host = '', length = '', ...rest] = text.split('/');
  const bits = isIP(host) === 6 ? 128 : 32;
  const fits = isIP(host) !== 0 && /^\d{1,3}$/.test(length) && Number(length) <= bits;
  if (!fits || rest.length > 0) fields.fail(key, 'is not an address with a prefix length');
  return text;
}

function address(fields: Fields, key: string): string {
  const text = fields.string(key);
  if (text !== '' && isIP(text) === 0) fields.fail(key, 'is not an address');
  return text;
}

/** The key with its value, or nothing for an absent or empty value. */
function given<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [name in Key]?: Value } {
  const entry: { [name in Key]?: Value } = {};
  if (value !== undefined && value !== '') entry[key] = value;
  return entry;
}

function some(key: string, list: readonly unknown[]): JsonObject {
  return list.length > 0 ? { [key]: list } : {};
}
