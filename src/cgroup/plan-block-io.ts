import { DomainError } from '../base/error.ts';
import type { IoLimit } from './codec-device.ts';
import type { BlockIoResources, DeviceRate } from './resources.ts';
import type { Settings } from './setting.ts';

/** The `blockIO` of OCI resources: weights of the BFQ scheduler, a limit line for each device. */
export function planBlockIo(resources: BlockIoResources): Settings {
  if ((resources.leafWeight ?? 0) !== 0) {
    throw new DomainError('unsupported', 'blockIO.leafWeight: cgroup v2 has no leaf weight');
  }
  const limits = planLimits(resources);
  const weights = (resources.weightDevice ?? []).flatMap(({ major, minor, weight = 0 }) =>
    weight === 0 ? [] : [{ device: `${major}:${minor}`, weight }],
  );
  const common = resources.weight ?? 0;
  const weight = {
    ...(common === 0 ? {} : { default: common }),
    ...(weights.length === 0 ? {} : { devices: weights }),
  };
  return {
    ...(Object.keys(weight).length === 0 ? {} : { 'io.bfq.weight': weight }),
    ...(limits.length === 0 ? {} : { 'io.max': limits }),
  };
}

const rateNames = {
  throttleReadBpsDevice: 'readBytesPerSecond',
  throttleWriteBpsDevice: 'writeBytesPerSecond',
  throttleReadIOPSDevice: 'readOperationsPerSecond',
  throttleWriteIOPSDevice: 'writeOperationsPerSecond',
} as const satisfies Partial<Record<keyof BlockIoResources, keyof IoLimit>>;

function planLimits(resources: BlockIoResources): IoLimit[] {
  const byDevice = new Map<string, IoLimit>();
  for (const [field, name] of Object.entries(rateNames)) {
    const rates: readonly DeviceRate[] = resources[field as keyof typeof rateNames] ?? [];
    for (const { major, minor, rate } of rates) {
      const device = `${major}:${minor}`;
      // v1 lifted a limit with 0; v2 wants "max" for that and refuses 0.
      const limit = rate === 0 || rate > Number.MAX_SAFE_INTEGER ? 'max' : rate;
      byDevice.set(device, { ...byDevice.get(device), device, [name]: limit });
    }
  }
  return [...byDevice.values()];
}
