import { sleep, systemClock } from '../../base/clock.ts';
import { DomainError, isDomainError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import type { CgroupDriver } from '../../cgroup/kubelet.ts';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import type { ContainerRuntime } from './container-runtime.ts';

interface Asking {
  readonly runtime: ContainerRuntime;
  readonly configuration: KubeletConfiguration;
  readonly log: Logger;
}

const runtimeRetryMs = 500;

/** Waits for the runtime, and asks who it is and how it names cgroups. */
export async function askRuntime(
  { runtime, configuration, log }: Asking,
  signal: AbortSignal,
): Promise<{ runtimeName: string; driver: CgroupDriver }> {
  for (let complained = false; !signal.aborted; complained = true) {
    try {
      const { runtime_name: runtimeName } = await runtime.version();
      return { runtimeName, driver: await driverOf(runtime, configuration.cgroupDriver) };
    } catch (error) {
      if (!complained) log.warn(`waiting for the runtime: ${messageOf(error)}`);
      await sleep(systemClock, runtimeRetryMs, signal);
    }
  }
  throw new DomainError('unavailable', 'The kubelet was ended before the runtime answered');
}

/** What the runtime itself says goes before the configuration; older ones say nothing. */
async function driverOf(
  runtime: ContainerRuntime,
  configured: CgroupDriver,
): Promise<CgroupDriver> {
  try {
    const { linux } = await runtime.runtimeConfig();
    return linux === undefined ? configured : linux.cgroup_driver === 0 ? 'systemd' : 'cgroupfs';
  } catch (error) {
    if (isDomainError(error, 'unsupported')) return configured;
    throw error;
  }
}
