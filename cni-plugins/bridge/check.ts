import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import type { PluginRequest } from '../../src/cni/plugin.ts';
import { type Connection, link } from '../../src/netlink/index.ts';
import { checkInterface, requirePrevious } from '../check-interface.ts';
import type { ContainerNamespace } from '../container-namespace.ts';
import { checkMasquerade } from '../masquerade/masquerade.ts';
import { ownerOf } from '../owner.ts';
import { checkSpoofCheck } from '../spoof-check/spoof-check.ts';
import type { BridgeConfiguration } from './configuration.ts';

interface BridgeCheck {
  readonly request: PluginRequest;
  readonly configuration: BridgeConfiguration;
  readonly host: Connection;
  readonly container: ContainerNamespace;
}

/** Throws CniError when bridge, pair, addresses, routes or rules are not as ADD left them. */
export async function checkBridge(check: BridgeCheck): Promise<void> {
  const { request, configuration, host, container } = check;
  const { interfaces, addresses } = requirePrevious(request);
  const device = await link.find(host, configuration.bridge);
  if (device?.kind !== 'bridge') fail(`Bridge "${configuration.bridge}" is not there`);
  const reported = interfaces.find(
    ({ name, sandbox }) => name === device.name && sandbox === undefined,
  );
  if (reported === undefined) fail(`Bridge "${device.name}" is not in prevResult`);
  if (reported.mac !== undefined && reported.mac !== device.address) {
    fail(`Bridge interface "${device.name}" Mac doesn't match: ${reported.mac}`);
  }
  if (configuration.promiscuous && (device.promiscuity ?? 0) === 0) {
    fail(`Bridge interface "${device.name}" is not in promiscuous mode`);
  }
  const inside = await checkInterface(container, request, 'veth');
  const names = interfaces.flatMap(({ name, sandbox }) => (sandbox === undefined ? [name] : []));
  const port = await portOf(check, { inside, names });
  if (port.master !== device.index) fail(`"${port.name}" is no port of "${device.name}"`);
  const owner = ownerOf(request);
  const { masquerade: backend, spoofCheck } = configuration;
  const texts = addresses.map(({ address }) => address);
  if (backend !== undefined) await checkMasquerade({ owner, addresses: texts, backend });
  if (spoofCheck) await checkSpoofCheck(owner);
}

/** The host's end of the container's pair, of those that the result names. */
async function portOf(
  { host }: BridgeCheck,
  { inside, names }: { readonly inside: link.Link; readonly names: readonly string[] },
): Promise<link.Link> {
  for (const name of names) {
    const found = await link.find(host, name);
    if (found?.kind === 'veth' && found.link === inside.index && found.index === inside.link) {
      return found;
    }
  }
  return fail(`The host's end of "${inside.name}" was not found`);
}

function fail(problem: string): never {
  throw new CniError(CniCode.internal, problem);
}
