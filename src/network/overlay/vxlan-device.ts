import { DomainError } from '../../base/error.ts';
import { type Connection, link } from '../../netlink/index.ts';
import { tryWriteSysctls } from '../../kernel/sysctl.ts';
import { deviceAlias, deviceName } from './overlay-settings.ts';
import type { PlannedDevice } from './plan.ts';

/** What has to be done to the device, whose present state is `present`. */
export type DeviceStep = 'none' | 'create' | 'change' | 'recreate' | 'remove';

/**
 * A pure function. What a device is born with cannot be changed; then it is made anew. Throws
 * DomainError `conflict` for a device of that name which is somebody else's.
 */
export function deviceStep(
  wanted: PlannedDevice | undefined,
  present: link.Link | undefined,
): DeviceStep {
  if (present === undefined) return wanted === undefined ? 'none' : 'create';
  if (present.alias !== deviceAlias) {
    if (wanted === undefined) return 'none';
    const words = `"${deviceName}" is there and not ours: remove or rename it`;
    throw new DomainError('conflict', words);
  }
  if (wanted === undefined) return 'remove';
  if (!isBornSo(wanted, present)) return 'recreate';
  const { mtu, linkAddress } = wanted;
  return present.mtu === mtu && present.address === linkAddress && present.up ? 'none' : 'change';
}

function isBornSo({ vni, port, local }: PlannedDevice, { kind, data = {} }: link.Link): boolean {
  return (
    kind === 'vxlan' &&
    data['id'] === vni &&
    data['port'] === port &&
    (data['local'] ?? data['local6']) === local &&
    data['learning'] === 0
  );
}

/** Does the step. `ip link add keelson.vx type vxlan id VNI dstport PORT local A nolearning`. */
export async function doDeviceStep(
  connection: Connection,
  step: DeviceStep,
  wanted: PlannedDevice | undefined,
): Promise<void> {
  if (step === 'remove' || step === 'recreate') await link.remove(connection, deviceName);
  if (wanted === undefined) return;
  if (step === 'create' || step === 'recreate') await createDevice(connection, wanted);
  if (step === 'change') {
    const { mtu, linkAddress: address } = wanted;
    await link.set(connection, deviceName, { mtu, address, up: true });
  }
}

/** Born with its mark, in one system call: one without it would be nobody's. Then it goes up. */
async function createDevice(connection: Connection, wanted: PlannedDevice): Promise<void> {
  const { vni: id, port, local, mtu, linkAddress: address } = wanted;
  const failures = await connection.batch([
    link.createRequest({
      kind: 'vxlan',
      name: deviceName,
      mtu,
      address,
      data: {
        id,
        port,
        learning: 0,
        ...(local.includes(':') ? { local6: local, udpChecksum: 1 } : { local }),
      },
    }),
    link.setRequest(deviceName, { alias: deviceAlias }),
  ]);
  const [first] = failures;
  if (first !== undefined) throw explained(first.error, wanted);
  const six = `net/ipv6/conf/${deviceName}`;
  await tryWriteSysctls([
    { name: `${six}/accept_ra`, value: '0' },
    { name: `${six}/accept_dad`, value: '0' },
    // No address of its own making, and so no packets to everybody that nobody answers.
    { name: `${six}/addr_gen_mode`, value: '1' },
  ]);
  await link.set(connection, deviceName, { up: true });
}

function explained(error: Error & { readonly code: string }, wanted: PlannedDevice): Error {
  const { vni, port } = wanted;
  if (error.code === 'EEXIST') {
    const words = `Another VXLAN device has number ${vni} on port ${port}: choose another --vni`;
    return new DomainError('conflict', words, { cause: error });
  }
  if (error.code === 'EOPNOTSUPP') {
    const words = 'This kernel has no VXLAN (CONFIG_VXLAN, modprobe vxlan)';
    return new DomainError('unsupported', words, { cause: error });
  }
  return error;
}
