import { limits } from '../base/limits.ts';
import { planResources } from '../cgroup/plan-resources.ts';
import type { ContainerRequest } from './container-engine.ts';
import type { EngineContext } from './engine-context.ts';
import { openScope, scopeOf } from './scope.ts';
import type { DeviceRule, Resources } from './spec-linux.ts';

type CgroupContext = Pick<EngineContext, 'hierarchy' | 'missingControllers' | 'scopes'>;
type CgroupRequest = Pick<ContainerRequest, 'cgroupPath' | 'spec'>;

/** To be disposed of once the container is in it: only then it stays by itself. */
export interface LimitedCgroup extends Disposable {
  /** The absolute folder, for the clone into it. */
  readonly folder: string;
  readonly notEnforced: readonly string[];
}

/** The container's cgroup with its limits, before there is a process in it. */
export async function makeCgroup(
  context: CgroupContext,
  request: CgroupRequest,
): Promise<LimitedCgroup> {
  const { hierarchy, missingControllers, scopes } = context;
  using undo = new DisposableStack();
  if (scopes !== undefined) undo.use(await openScope(scopes, request));
  using cgroup = hierarchy.create(request.cgroupPath);
  const resources = request.spec.linux?.resources ?? {};
  if (resources.devices !== undefined) cgroup.applyDevices(deviceRules(resources.devices));
  const { notEnforced } = await cgroup.apply(planResources(resources), { missingControllers });
  const held = undo.move();
  const dispose = (): void => held.dispose();
  return { folder: cgroup.folderPath, notEnforced, [Symbol.dispose]: dispose };
}

/** Ends what runs in it and removes it; may be repeated. */
export async function removeCgroup(context: CgroupContext, cgroupPath: string): Promise<void> {
  await context.hierarchy.remove(cgroupPath, { timeoutMs: limits.killTimeoutMs });
  await context.scopes?.stop(scopeOf(cgroupPath).unit);
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
  await context.scopes?.update(scopeOf(request.cgroupPath).unit, resources);
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
