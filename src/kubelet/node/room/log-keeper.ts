import { basename, dirname, relative } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { isDomainError } from '../../../base/error.ts';
import { ContainerState } from '../../../cri/generated/runtime.ts';
import type { KubeletConfiguration } from '../../config/kubelet-configuration.ts';
import type { ContainerRuntime } from '../../runtime/container-runtime.ts';
import type { Complaints } from '../complaints.ts';
import { logSize, openLogFolder, removeOldLogs, rotateLog } from './rotate-log.ts';

export interface LogKeeperOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly configuration: Pick<
    KubeletConfiguration,
    'podLogsDir' | 'containerLogMaxSize' | 'containerLogMaxFiles' | 'containerLogMaxWorkers'
  >;
  readonly complaints: Complaints;
}

interface Log {
  readonly id: string;
  readonly path: string;
  readonly running: boolean;
}

/** Rotates logs that have grown, and removes those of containers that are gone. */
export class LogKeeper {
  readonly #options: LogKeeperOptions;
  /** Paths by container, which do not change. */
  readonly #paths = new Map<string, string>();

  constructor(options: LogKeeperOptions) {
    this.#options = options;
  }

  async look(): Promise<void> {
    const { configuration } = this.#options;
    const logs = await this.#logs();
    const folders = Map.groupBy(logs, ({ path }) => dirname(path));
    const waiting = [...folders].values();
    const worker = async () => {
      for (const [folder, own] of waiting) await this.#keep(folder, own);
    };
    await Promise.all(Array.from({ length: configuration.containerLogMaxWorkers }, worker));
  }

  async #keep(path: string, logs: readonly Log[]): Promise<void> {
    const { configuration, complaints, clock, runtime } = this.#options;
    const what = `keeping the logs in "${path}"`;
    try {
      const inside = relative(configuration.podLogsDir, path);
      using folder = openLogFolder(configuration.podLogsDir, inside);
      if (folder === undefined) return;
      const attempts = logs.map((log) => Number.parseInt(basename(log.path), 10));
      if (!attempts.some(Number.isNaN)) await removeOldLogs(folder, attempts);
      for (const { id, path: log, running } of logs) {
        const name = basename(log);
        if (!running || logSize(folder, name) < configuration.containerLogMaxSize) continue;
        await rotateLog({
          folder,
          name,
          files: configuration.containerLogMaxFiles,
          nowMs: clock.now(),
          reopen: () => runtime.reopenLog(id),
        });
      }
      complaints.over(what);
    } catch (error) {
      complaints.about(what, error);
    }
  }

  async #logs(): Promise<Log[]> {
    const { runtime } = this.#options;
    const containers = await runtime.listContainers();
    const known = new Set(containers.map(({ id }) => id));
    for (const id of this.#paths.keys()) if (!known.has(id)) this.#paths.delete(id);
    const logs: Log[] = [];
    for (const { id, state } of containers) {
      const path = this.#paths.get(id) ?? (await this.#pathOf(id));
      if (path === '') continue;
      this.#paths.set(id, path);
      logs.push({ id, path, running: state === ContainerState.CONTAINER_RUNNING });
    }
    return logs;
  }

  async #pathOf(id: string): Promise<string> {
    try {
      return (await this.#options.runtime.containerStatus(id)).log_path;
    } catch (error) {
      if (isDomainError(error, 'notFound')) return '';
      throw error;
    }
  }
}
