import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { DbusConnection, systemBusPath } from '../../../base/dbus-connection.ts';
import { DomainError } from '../../../base/error.ts';

const manager = {
  destination: 'org.freedesktop.login1',
  path: '/org/freedesktop/login1',
  interface: 'org.freedesktop.login1.Manager',
} as const;

/**
 * Delays the machine's shutdown until pods have ended. The lock is a descriptor that logind passes,
 * which Node cannot receive: systemd-inhibit holds it as long as its standard input is open, so
 * that it goes with us, too.
 */
export class Logind implements AsyncDisposable {
  readonly #bus: DbusConnection;
  #lock: ChildProcess | undefined;
  #isWanted = false;

  private constructor(bus: DbusConnection) {
    this.#bus = bus;
  }

  /**
   * `tell` hears `true` when the machine is about to go down, `false` when it does not after all;
   * it listens before there is a lock, for the word may come at once. Throws
   * `unavailable` where there is no logind.
   */
  static async open(tell: (logind: Logind, begins: boolean) => void): Promise<Logind> {
    const bus = await DbusConnection.open(systemBusPath());
    const logind = new Logind(bus);
    bus.onSignal(({ member, body }) => {
      if (member === 'PrepareForShutdown') tell(logind, body[0] === true);
    });
    try {
      await logind.longestDelayMs();
      const rule = `type='signal',interface='${manager.interface}',member='PrepareForShutdown'`;
      await bus.addMatch(rule);
      await logind.inhibit();
      return logind;
    } catch (cause) {
      await logind[Symbol.asyncDispose]();
      throw new DomainError('unavailable', 'logind delays no shutdown', { cause });
    }
  }

  get isOpen(): boolean {
    return this.#bus.open;
  }

  /** How long logind waits at most, whatever is asked for. */
  async longestDelayMs(): Promise<number> {
    const [found] = await this.#bus.call({
      ...manager,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      signature: 'ss',
      body: [manager.interface, 'InhibitDelayMaxUSec'],
    });
    const value = typeof found === 'object' && 'value' in found ? found.value : found;
    return Number(value) / 1000;
  }

  /** Takes the lock, when it is not held. */
  async inhibit(): Promise<void> {
    this.#isWanted = true;
    if (this.#lock !== undefined) return;
    const why = '--why=Pods need time to end';
    const words = ['--what=shutdown', '--mode=delay', '--who=keelson kubelet', why];
    // What cat prints at once shows that the lock is held.
    const held = ['sh', '-c', 'echo held; exec cat'];
    const child = spawn('systemd-inhibit', [...words, ...held], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.stdin.on('error', () => undefined);
    const ended = Promise.withResolvers<never>();
    child.once('error', ended.reject);
    child.once('exit', () => {
      if (this.#lock === child) this.#lock = undefined;
      ended.reject(new DomainError('unavailable', 'systemd-inhibit has ended'));
    });
    ended.promise.catch(() => undefined);
    await Promise.race([once(child.stdout, 'data'), ended.promise]);
    this.#lock = child;
    // Released while it was on its way.
    if (!this.#isWanted) await this.release();
  }

  /** Lets the machine go down. */
  async release(): Promise<void> {
    this.#isWanted = false;
    const lock = this.#lock;
    this.#lock = undefined;
    if (lock === undefined || lock.exitCode !== null || lock.signalCode !== null) return;
    const ended = once(lock, 'exit');
    lock.stdin?.end();
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
    this.#bus.close();
  }
}
