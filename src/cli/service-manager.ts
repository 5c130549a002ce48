import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../base/error.ts';
import type { Logger } from '../base/log.ts';
import type { HealthReport } from '../cri/monitor/health.ts';
import { addon } from '../kernel/addon.ts';

/** The first descriptor that a service manager hands over (sd_listen_fds(3)). */
const firstDescriptor = 3;

/** What a pid in the environment says that is not ours is meant for another process. */
function isOurs(pid: string | undefined): boolean {
  return pid === String(process.pid);
}

/**
 * systemd's side of the process, by its protocol alone: sd_notify(3), sd_watchdog_enabled(3) and
 * sd_listen_fds(3). Without a service manager there is nobody to tell, and nothing is done.
 */
export class ServiceManager {
  readonly #address: string | undefined;
  readonly #log: Logger;
  /** The listening socket that was handed over, which stays the manager's to keep. */
  readonly listenFd: number | undefined;
  /** How often the manager wants to hear that all is well; undefined when it does not. */
  readonly watchdogMs: number | undefined;

  /** Takes the variables out of the environment: they are not for programs that we start. */
  constructor(log: Logger, environment: NodeJS.ProcessEnv = process.env) {
    this.#log = log;
    this.#address = environment['NOTIFY_SOCKET'];
    this.listenFd = this.#takeListenFd(environment);
    const forUs = [undefined, String(process.pid)].includes(environment['WATCHDOG_PID']);
    const microseconds = Number(environment['WATCHDOG_USEC'] ?? 0);
    this.watchdogMs = forUs && microseconds > 0 ? microseconds / 1000 : undefined;
    for (const name of Object.keys(environment)) {
      if (/^(NOTIFY_SOCKET|WATCHDOG_(USEC|PID)|LISTEN_(FDS|PID|FDNAMES))$/.test(name)) {
        delete environment[name];
      }
    }
  }

  /** `READY=1`, `STATUS=...`, `STOPPING=1`, `WATCHDOG=1`. Never throws. */
  notify(...assignments: readonly string[]): void {
    if (this.#address === undefined) return;
    try {
      addon.datagramSend(this.#address, Buffer.from(assignments.join('\n')));
    } catch (error) {
      this.#log.warn(`the service manager does not listen: ${messageOf(error)}`);
    }
  }

  /**
   * Tells the manager three times in its interval that all is well, as long as it is: a process
   * that hangs, or cannot do its work any more, is silent and is started anew.
   */
  async keepAlive(look: () => Promise<HealthReport>, signal: AbortSignal): Promise<void> {
    if (this.watchdogMs === undefined) return;
    while (!signal.aborted) {
      const { healthy, checks } = await look();
      if (healthy) this.notify('WATCHDOG=1');
      else this.#log.error({ checks }, 'not well: the service manager is not told to wait');
      const pause = { signal, ref: false };
      await sleep(this.watchdogMs / 3, undefined, pause).catch(() => undefined);
    }
  }

  #takeListenFd(environment: NodeJS.ProcessEnv): number | undefined {
    const count = Number(environment['LISTEN_FDS'] ?? 0);
    if (count === 0 || !isOurs(environment['LISTEN_PID'])) return undefined;
    if (count > 1) this.#log.warn(`${count} sockets were handed over; the first is the CRI's`);
    return firstDescriptor;
  }
}
