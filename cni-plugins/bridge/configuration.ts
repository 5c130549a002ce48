import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields, type JsonObject } from '../../src/cni/json.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import type { ResultDns } from '../../src/cni/result.ts';
import { configuredDns } from '../dns.ts';
import { refuseUnknownArguments, requestedMac } from '../mac.ts';
import { type MasqueradeBackend, masqueradeBackendIn } from '../masquerade/masquerade.ts';

/** A network of type `bridge`, checked. */
export interface BridgeConfiguration {
  readonly bridge: string;
  readonly isGateway: boolean;
  readonly isDefaultGateway: boolean;
  readonly forceAddress: boolean;
  readonly masquerade: MasqueradeBackend | undefined;
  /** Of the bridge, when it is made, and of each pair. */
  readonly mtu: number | undefined;
  readonly hairpin: boolean;
  readonly promiscuous: boolean;
  /** Untagged frames of the container belong to it; 0 is none. */
  readonly vlan: number;
  /** Tagged frames that the container may send and receive, in order. */
  readonly trunk: readonly number[];
  readonly vlanFiltering: boolean;
  readonly preserveDefaultVlan: boolean;
  readonly spoofCheck: boolean;
  readonly detectDuplicates: boolean;
  readonly disableContainerInterface: boolean;
  readonly portIsolation: boolean;
  readonly mac: string | undefined;
  readonly hasIpam: boolean;
  readonly dns: ResultDns | undefined;
}

const defaultBridge = 'cni0';
const maximumVlan = 4094;

/** Throws CniError 4 and 7, before anything is done. */
export function parseConfiguration(request: PluginRequest): BridgeConfiguration {
  refuseUnknownArguments(request);
  const fields = new Fields(request.config, 'the bridge configuration');
  const isDefaultGateway = fields.boolean('isDefaultGateway');
  const trunk = trunkIn(fields);
  const vlan = fields.index('vlan') ?? 0;
  if (vlan > maximumVlan) refuse(`invalid VLAN ID ${vlan} (must be between 0 and ${maximumVlan})`);
  const configuration: BridgeConfiguration = {
    bridge: bridgeName(fields),
    isGateway: isDefaultGateway || fields.boolean('isGateway'),
    isDefaultGateway,
    forceAddress: fields.boolean('forceAddress'),
    masquerade: masqueradeBackendIn(fields),
    mtu: fields.index('mtu') || undefined,
    hairpin: fields.boolean('hairpinMode'),
    promiscuous: fields.boolean('promiscMode'),
    vlan,
    trunk,
    vlanFiltering: vlan !== 0 || trunk.length > 0,
    preserveDefaultVlan: fields.boolean('preserveDefaultVlan'),
    spoofCheck: fields.boolean('macspoofchk'),
    detectDuplicates: fields.boolean('enabledad'),
    disableContainerInterface: fields.boolean('disableContainerInterface'),
    portIsolation: fields.boolean('portIsolation'),
    mac: requestedMac(request),
    hasIpam: Boolean(fields.object('ipam')?.['type']),
    dns: configuredDns(request),
  };
  refuseContradictions(configuration);
  return configuration;
}

function refuseContradictions(configuration: BridgeConfiguration): void {
  if (configuration.hasIpam && configuration.disableContainerInterface) {
    refuse('cannot use IPAM when DisableContainerInterface flag is set');
  }
  if (configuration.hairpin && configuration.promiscuous) {
    refuse('cannot set hairpin mode and promiscuous mode at the same time');
  }
}

function bridgeName(fields: Fields): string {
  const name = fields.string('bridge') || defaultBridge;
  const fits = Buffer.byteLength(name) <= 15 && !/[/:\s\0]/.test(name) && !/^\.{1,2}$/.test(name);
  if (!fits) fields.fail('bridge', 'is no name of an interface');
  return name;
}

/** Single numbers and ranges, each once. */
function trunkIn(fields: Fields): readonly number[] {
  const numbers = fields.objects('vlanTrunk').flatMap(vlansOf);
  return [...new Set(numbers)].toSorted((one, other) => one - other);
}

function vlansOf(entry: JsonObject): readonly number[] {
  const { minID: from, maxID: to, id } = entry;
  const single = given(id) ? [vlanNumber(id, 'id')] : [];
  if (given(from) !== given(to)) {
    const missing = given(from) ? 'maxID' : 'minID';
    refuse(`minID and maxID should be configured simultaneously, ${missing} is missing`);
  }
  if (!given(from)) return single;
  const [first, last] = [vlanNumber(from, 'minID'), vlanNumber(to, 'maxID')];
  if (last < first) refuse('minID is greater than maxID in trunk parameter');
  const range = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return [...range, ...single];
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function vlanNumber(value: unknown, name: string): number {
  const number = Number(value);
  if (
    typeof value === 'number' &&
    Number.isInteger(number) &&
    number > 0 &&
    number <= maximumVlan
  ) {
    return number;
  }
  return refuse(`incorrect trunk ${name} parameter`);
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
