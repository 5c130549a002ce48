import { DomainError } from '../base/error.ts';
import type { Scopes } from '../cgroup/systemd/scopes.ts';
import { encodePlan, operation } from '../kernel/operation.ts';
import { sharedSpawner } from '../kernel/spawner.ts';
import { silentLaunch } from '../kernel/launch.ts';
import type { ContainerRequest } from './container-engine.ts';

/**
 * The container's cgroup as a scope of systemd, which makes none without a process: one that only
 * waits keeps it until the result is disposed of, when the container is in it.
 */
export async function openScope(
  scopes: Scopes,
  { cgroupPath, spec }: Pick<ContainerRequest, 'cgroupPath' | 'spec'>,
): Promise<Disposable> {
  const { unit, slice } = scopeOf(cgroupPath);
  const placeholder = await startPlaceholder();
  try {
    await scopes.start({ unit, slice, pid: placeholder.pid }, spec.linux?.resources ?? {});
    return placeholder;
  } catch (error) {
    placeholder[Symbol.dispose]();
    throw error;
  }
}

/** `/a.slice/a-b.slice/c.scope` to its unit and slice. DomainError `invalid` for other paths. */
export function scopeOf(cgroupPath: string): { readonly unit: string; readonly slice: string } {
  const [unit = '', slice = 'system.slice'] = cgroupPath.split('/').filter(Boolean).toReversed();
  if (unit.endsWith('.scope') && slice.endsWith('.slice')) return { unit, slice };
  throw new DomainError('invalid', `Cgroup "${cgroupPath}" is no scope in a slice of systemd`);
}

let count = 0;

async function startPlaceholder(): Promise<Disposable & { readonly pid: number }> {
  const { supervisor } = await sharedSpawner();
  const name = `scope-${++count}`;
  const { pid } = await supervisor.launch({
    ...silentLaunch,
    container: 'scope',
    name,
    plan: encodePlan([operation.pause()]),
  });
  const end = (): void => void supervisor.signal('scope', name, 9).catch(() => undefined);
  return { pid, [Symbol.dispose]: end };
}
