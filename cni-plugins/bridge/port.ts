import { setTimeout as delay } from 'node:timers/promises';
import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { bridgePort, type Connection, link, type Request } from '../../src/netlink/index.ts';
import { commit } from '../commit.ts';
import type { BridgeConfiguration } from './configuration.ts';

/** What the ports of one network's containers are like. */
export type PortSettings = Pick<
  BridgeConfiguration,
  'hairpin' | 'portIsolation' | 'vlan' | 'trunk' | 'preserveDefaultVlan'
>;

/** Settles a port: one batch, and none when the kernel's defaults are what is wanted. */
export async function configurePort(
  host: Connection,
  port: string,
  { settings, bridge }: { readonly settings: PortSettings; readonly bridge: link.Link },
): Promise<void> {
  const { hairpin, portIsolation, vlan, trunk } = settings;
  if (!hairpin && !portIsolation && vlan === 0 && trunk.length === 0) return;
  const device = await link.indexOf(host, port);
  await commit(host, [
    ...(hairpin || portIsolation
      ? [bridgePort.setRequest(device, { hairpin, isolated: portIsolation })]
      : []),
    ...vlanRequests(device, settings, bridge),
  ]);
}

function vlanRequests(device: number, settings: PortSettings, bridge: link.Link): Request[] {
  const { vlan, trunk, preserveDefaultVlan } = settings;
  if (vlan === 0 && trunk.length === 0) return [];
  // A new port is in the bridge's default VLAN.
  const usual = Number(bridge.data?.['vlanDefaultPvid'] ?? 1);
  const leave = !preserveDefaultVlan && usual !== 0;
  const native = vlan === 0 ? 1 : vlan;
  return [
    ...(leave ? [bridgePort.vlanRequest('remove', device, { id: usual })] : []),
    ...trunk.map((id) => bridgePort.vlanRequest('add', device, { id })),
    bridgePort.vlanRequest('add', device, { id: native, pvid: true, untagged: true }),
  ];
}

/** In all 2.5 seconds; the first steps are short, for the kernel is usually done by then. */
const waitsMs = [0, 1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 500, 500, 1000];

/**
 * Waits until the bridge forwards for a port, which the kernel arranges a moment after the
 * container's end is up: what is sent before is lost, and ARP asks again only after a second.
 */
export async function waitForPort(host: Connection, port: string): Promise<void> {
  let state: unknown;
  for (const waitMs of waitsMs) {
    if (waitMs > 0) await delay(waitMs);
    state = (await link.get(host, port)).operationalState;
    if (state === 'up') return;
  }
  throw new CniError(CniCode.internal, `bridge port "${port}" in error state: ${String(state)}`);
}
