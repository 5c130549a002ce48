import { spawn, type ChildProcess } from 'node:child_process';
import { isDomainError } from '../../../src/base/error.ts';
import { openHierarchy, type Hierarchy } from '../../../src/cgroup/hierarchy.ts';

/** The reason why this machine cannot run the tests, or false. */
export function unable(needs: { controller?: string } = {}): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    using hierarchy = openHierarchy();
    const { controller } = needs;
    const offered = controller === undefined || hierarchy.controllers().includes(controller);
    return offered ? false : `the cgroup v2 hierarchy has no ${controller} controller`;
  } catch {
    return 'needs a cgroup v2 hierarchy';
  }
}

interface Test {
  teardown(work: () => void | Promise<void>): void;
}

/** A hierarchy, and a path in it that is the test's own and is removed after it. */
export function scratch(t: Test): { hierarchy: Hierarchy; base: string } {
  const hierarchy = openHierarchy();
  const base = `/keelson-test-${process.pid}-${count++}`;
  t.teardown(async () => {
    await hierarchy.remove(base);
    hierarchy[Symbol.dispose]();
  });
  return { hierarchy, base };
}
let count = 0;

/** A sleeping program; the test ends it through its cgroup, or this does. */
export function sleeper(t: Test): ChildProcess & { pid: number } {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  t.teardown(() => void child.kill('SIGKILL'));
  if (child.pid === undefined) throw new Error('sleep did not start');
  return child as ChildProcess & { pid: number };
}

export async function exitOf(child: ChildProcess): Promise<string | number | null> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return child.signalCode ?? child.exitCode;
  }
  const { promise, resolve } = Promise.withResolvers<string | number | null>();
  child.once('exit', (code, signal) => resolve(signal ?? code));
  return await promise;
}

/** True when there is no cgroup of this path. */
export function cgroupIsMissing(path: string): boolean {
  using hierarchy = openHierarchy();
  try {
    hierarchy.open(path)[Symbol.dispose]();
    return false;
  } catch (error) {
    if (isDomainError(error, 'notFound')) return true;
    throw error;
  }
}
