import { isIP } from 'node:net';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { Fields, isObject, type JsonObject } from '../../src/cni/json.ts';
import type { CniPlugin, PluginRequest } from '../../src/cni/plugin.ts';
import {
  decodeResult,
  familyOf,
  type NetworkResult,
  type ResultAddress,
} from '../../src/cni/result.ts';
import { atLeast, specVersions } from '../../src/cni/spec-version.ts';
import { requirePrevious } from '../check-interface.ts';
import { refuseUnknownArguments } from '../mac.ts';
import { canonical, holds, hostOf, isSame } from '../prefix.ts';

/** IPAM `static`: the addresses that the configuration, or the runtime, names. It keeps nothing. */
export const staticIpam: CniPlugin = {
  type: 'static',
  specVersions,

  async add(request) {
    return planResult(request);
  },

  async check(request) {
    const { addresses } = planResult(request);
    const reported = requirePrevious(request).addresses;
    const wrong = addresses.find(({ address, gateway }) => {
      const twin = reported.find((one) => isSame(hostOf(one.address), hostOf(address)));
      if (twin === undefined || gateway === undefined) return false;
      return twin.gateway === undefined || !isSame(twin.gateway, gateway);
    });
    if (wrong === undefined) return;
    throw new CniError(CniCode.internal, `static: Failed to match addr ${wrong.address}`);
  },

  async status(request) {
    planResult(request);
  },

  async delete() {},
  async collectGarbage() {},
};

/**
 * Addresses of the configuration and of CNI_ARGS together; those of `args.cni.ips` stand in place
 * of them, and those of the capability `ips` in place of either.
 */
function planResult(request: PluginRequest): NetworkResult {
  refuseUnknownArguments(request);
  const ipam = request.config['ipam'];
  if (!isObject(ipam)) refuse("IPAM config missing 'ipam' key");
  const fields = new Fields(ipam, 'the ipam configuration');
  const args = request.config['args'];
  const cni = isObject(args) && isObject(args['cni']) ? args['cni'] : {};
  const byArgs = new Fields(cni, 'args.cni').strings('ips');
  const byRuntime = new Fields(request.runtimeConfig, 'runtimeConfig').strings('ips');
  const replacing = byRuntime.length > 0 ? byRuntime : byArgs;
  const addresses =
    replacing.length > 0
      ? replacing.map((text) => ({ address: inCidr(text, 'ips') }))
      : [...fields.objects('addresses').map(configuredAddress), ...argumentAddresses(request)];
  const { routes, dns } = decodeResult(
    { routes: fields.objects('routes'), dns: fields.object('dns') ?? {} },
    '1.1.0',
  );
  refuseSeveral(request, addresses);
  return { interfaces: [], addresses, routes, dns };
}

function configuredAddress(document: JsonObject): ResultAddress {
  const fields = new Fields(document, 'an address');
  const gateway = fields.string('gateway');
  if (gateway !== '' && isIP(gateway) === 0) fields.fail('gateway', 'is not an address');
  const address = inCidr(fields.string('address'), 'address');
  return { address, ...(gateway !== '' && { gateway: canonical(gateway) }) };
}

/** Those of CNI_ARGS, each with the gateway of CNI_ARGS that is in its network. */
function argumentAddresses({ args }: PluginRequest): readonly ResultAddress[] {
  const gateways = listed(args.get('GATEWAY'));
  const wrong = gateways.find((text) => isIP(text) === 0);
  if (wrong !== undefined) {
    throw new CniError(CniCode.invalidEnvironment, `invalid gateway address: ${wrong}`);
  }
  return listed(args.get('IP')).map((text) => {
    const address = inCidr(text, 'ip');
    const gateway = gateways.findLast((other) => holds(address, other));
    return { address, ...(gateway !== undefined && { gateway: canonical(gateway) }) };
  });
}

function listed(text = ''): readonly string[] {
  return text.split(',').flatMap((item) => item.trim() || []);
}

function inCidr(text: string, field: string): string {
  const [host = '', length = '', ...rest] = text.split('/');
  const bits = isIP(host) === 6 ? 128 : 32;
  const fits = isIP(host) !== 0 && !host.includes('%') && /^\d{1,3}$/.test(length);
  if (fits && Number(length) <= bits && rest.length === 0) return canonical(text);
  return refuse(`the '${field}' field is expected to be in CIDR notation, got: '${text}'`);
}

/** Before 0.3.0 a result has one address of each family. */
function refuseSeveral({ specVersion }: PluginRequest, addresses: readonly ResultAddress[]): void {
  if (atLeast(specVersion, '0.3.0')) return;
  const six = addresses.filter(({ address }) => familyOf(address) === 6).length;
  if (six <= 1 && addresses.length - six <= 1) return;
  refuse(`CNI version ${specVersion} does not support more than 1 address per family`);
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
