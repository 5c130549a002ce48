/** cgroup v2: `openHierarchy()` finds it, and gives cgroups to make, limit, watch and remove. */
export type { Applied, ApplyOptions } from './apply-settings.ts';
export type { Cgroup } from './cgroup.ts';
export type { CpuBandwidth, Limit } from './codec.ts';
export type { IoLatency, IoLimit, IoWeight } from './codec-device.ts';
export { weightOfShares } from './cpu-weight.ts';
export type { CreateOptions } from './create-cgroup.ts';
export { defaultDeviceRules, type DeviceRule } from './device-rule.ts';
export type { CgroupEvent, LimitEvent, StateEvent } from './events.ts';
export { openHierarchy, type Hierarchy } from './hierarchy.ts';
export * from './kubelet.ts';
export { expandCgroupParent, expandCgroupsPath, slicePath } from './path.ts';
export { planResources } from './plan-resources.ts';
export type { Pressure, PressureTimes } from './pressure.ts';
export type { Resources } from './resources.ts';
export { settingTable, type Settings } from './setting.ts';
export type * from './statistics.ts';
