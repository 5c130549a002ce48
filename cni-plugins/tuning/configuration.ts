import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields, isObject, type JsonObject } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import type { Sysctl } from '../../src/kernel/sysctl.ts';
import { parseMac, refuseUnknownArguments, requestedMac } from '../mac.ts';

/** What of an interface is changed; what is absent stays. */
export interface Attributes {
  readonly mac?: string;
  readonly promisc?: boolean;
  readonly mtu?: number;
  readonly txQLen?: number;
  readonly allmulti?: boolean;
}

export interface TuningConfiguration {
  readonly sysctls: readonly Sysctl[];
  readonly attributes: Attributes;
  /** The folder with what an interface was before. */
  readonly dataFolder: string;
}

const defaultDataFolder = '/run/cni/tuning';
const maximumSysctls = 256;
const longestName = 256;
const longestValue = 4096;

/** `args.cni` goes before the rest, as in the reference. Throws CniError 4 and 7. */
export function parseConfiguration(request: PluginRequest): TuningConfiguration {
  const { config } = request;
  const args = config['args'];
  const cni = isObject(args) && isObject(args['cni']) ? args['cni'] : {};
  const fields = new Fields(config, 'the tuning configuration');
  refuseUnknownArguments(request);
  return {
    sysctls: parseSysctls(
      { ...fields.object('sysctl'), ...new Fields(cni, 'args.cni').object('sysctl') },
      request,
    ),
    attributes: attributesOf(request, { ...own(config), ...own(cni) }),
    dataFolder: fields.string('dataDir') || defaultDataFolder,
  };
}

const attributeNames = ['mac', 'promisc', 'mtu', 'txQLen', 'allmulti'] as const;

function own(document: JsonObject): JsonObject {
  const given = attributeNames.filter((name) => (document[name] ?? undefined) !== undefined);
  return Object.fromEntries(given.map((name) => [name, document[name]]));
}

/** 0, false and empty say nothing, but for the two that the reference has as pointers. */
function attributesOf(request: PluginRequest, document: JsonObject): Attributes {
  const fields = new Fields(document, 'the tuning configuration');
  const mac = macOf(request, fields.string('mac'));
  const mtu = fields.index('mtu') ?? 0;
  const txQLen = fields.index('txQLen');
  if (txQLen !== undefined && txQLen > 0xffffffff) fields.fail('txQLen', 'is too long');
  if (mtu > 0x7fffffff) fields.fail('mtu', 'is too great');
  return {
    ...(mac !== undefined && { mac }),
    ...(fields.boolean('promisc') && { promisc: true }),
    ...(mtu > 0 && { mtu }),
    ...(txQLen !== undefined && { txQLen }),
    ...(document['allmulti'] !== undefined && { allmulti: fields.boolean('allmulti') }),
  };
}

/** The configuration's own, then CNI_ARGS, the capability, and `args.cni`, each before the last. */
function macOf(request: PluginRequest, given: string): string | undefined {
  const { config } = request;
  const args = config['args'];
  const last = isObject(args) && isObject(args['cni']) ? args['cni']['mac'] : undefined;
  if (typeof last === 'string' && last !== '') return parseMac(last);
  return requestedMac(request, given);
}

/** Checked by name and value before the first is written. */
function parseSysctls(document: JsonObject, request: PluginRequest): readonly Sysctl[] {
  const entries = Object.entries(document);
  if (entries.length > maximumSysctls) refuse(`over ${maximumSysctls} sysctls`);
  const names = new Map<string, string>();
  return entries.map(([key, value]) => {
    if (typeof value !== 'string') refuse(`the value of sysctl "${key}" is not a string`);
    if (value.length > longestValue) refuse(`the value of sysctl "${key}" is too long`);
    const name = sysctlName(key, request.interfaceName);
    const twin = names.get(name);
    if (twin !== undefined) refuse(`duplicated sysctl keys are not allowed: "${twin}", "${key}"`);
    names.set(name, key);
    return { name, value };
  });
}

/**
 * `net.ipv4.conf.IFNAME.arp_filter` as a path. Only settings of the network, which every namespace
 * has for itself; the kernel lets no namespace but the first write those that are the machine's.
 */
export function sysctlName(key: string, interfaceName: string): string {
  if (key.length > longestName) refuse(`invalid net sysctl key: "${key.slice(0, 40)}…"`);
  const path = key.replaceAll('.', '/').replace('IFNAME', interfaceName);
  const parts = path.split('/');
  const proper = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (!proper || parts[0] !== 'net' || parts.length < 2 || path.includes('\0')) {
    refuse(`invalid net sysctl key: "${key}"`);
  }
  return path;
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
