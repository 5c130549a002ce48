import { KernelError } from '../base/error.ts';
import { encodePlan, type Operation } from './operation.ts';
import { sharedSpawner } from './spawner.ts';
import { silentLaunch } from './launch.ts';

let count = 0;

/**
 * Runs operations in a process of their own, to the `finish` that is added. It shares this
 * process's namespaces, which it may leave. Throws KernelError with the call that failed.
 */
export async function runPlan(operations: readonly Operation[]): Promise<void> {
  const spawner = await sharedSpawner();
  const name = `plan-${process.pid}-${++count}`;
  const exit = spawner.exitOf(name);
  try {
    await spawner.supervisor.launch({
      ...silentLaunch,
      container: 'plan',
      name,
      plan: encodePlan([...operations, ['finish']]),
    });
  } catch (error) {
    spawner.forgetExit(name);
    throw error;
  }
  const code = (await exit)?.exitCode ?? 255;
  if (code === 0) return;
  throw new KernelError({ call: 'plan', errno: code, code: 'ECHILD', text: `exited with ${code}` });
}
