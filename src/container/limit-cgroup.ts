import { planResources } from '../cgroup/plan-resources.ts';
import type { ContainerRequest } from './container-engine.ts';
import type { EngineContext } from './engine-context.ts';
import type { DeviceRule, Resources } from './spec-linux.ts';

type CgroupContext = Pick<EngineContext, 'hierarchy' | 'missingControllers'>;
type CgroupRequest = Pick<ContainerRequest, 'cgroupPath' | 'spec'>;

export interface LimitedCgroup {
  /** The absolute folder, for the clone into it. */
  readonly folder: string;
  readonly notEnforced: readonly string[];
}

/** The container's cgroup with its limits, before there is a process in it. */
export async function makeCgroup(
  context: CgroupContext,
  request: CgroupRequest,
): Promise<LimitedCgroup> {
  const { hierarchy, missingControllers } = context;
  using cgroup = hierarchy.create(request.cgroupPath);
  const resources = request.spec.linux?.resources ?? {};
  if (resources.devices !== undefined) cgroup.applyDevices(deviceRules(resources.devices));
  const { notEnforced } = await cgroup.apply(planResources(resources), { missingControllers });
  return { folder: cgroup.folderPath, notEnforced };
}

/** New limits for a running container, all or none. */
export async function updateCgroup(
  context: CgroupContext,
  request: CgroupRequest,
  resources: Resources,
): Promise<readonly string[]> {
  const { hierarchy, missingControllers } = context;
  using cgroup = hierarchy.open(request.cgroupPath);
  const checkMemoryUsage = resources.memory?.checkBeforeUpdate === true;
  const options = { missingControllers, checkMemoryUsage };
  const { notEnforced } = await cgroup.apply(planResources(resources), options);
  if (resources.devices !== undefined) cgroup.applyDevices(deviceRules(resources.devices));
  return notEnforced;
}

/** The devices that the specification puts into every container work in every container. */
function deviceRules(rules: readonly DeviceRule[]): readonly DeviceRule[] {
  return [...rules, ...always];
}

const character = { allow: true, type: 'c' } as const;

const always: readonly DeviceRule[] = [
  { ...character, access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...[3, 5, 7, 8, 9].map((minor) => ({ ...character, major: 1, minor, access: 'rwm' })),
  { ...character, major: 5, minor: 0, access: 'rwm' },
  { ...character, major: 5, minor: 2, access: 'rwm' },
  // Pseudo-terminals.
  { ...character, major: 136, access: 'rwm' },
];
