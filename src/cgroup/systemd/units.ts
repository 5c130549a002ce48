import { DbusConnection, DbusError, systemBusPath } from '../../base/dbus-connection.ts';
import { textOf, type DbusMessage, type DbusValue } from '../../base/dbus-message.ts';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { UnitProperty } from './unit-properties.ts';

const manager = {
  destination: 'org.freedesktop.systemd1',
  path: '/org/freedesktop/systemd1',
  interface: 'org.freedesktop.systemd1.Manager',
} as const;

/** Transient units of systemd. Refusals are DbusError, a job that fails DomainError `conflict`. */
export class Units {
  readonly #path: string;
  #connection: Promise<DbusConnection> | undefined;

  /** Connects when it is first needed, and again when the bus was restarted. */
  constructor(path: string = systemBusPath()) {
    this.#path = path;
  }

  /** Makes and starts a unit; false when systemd has one of that name already. */
  async start(unit: string, properties: readonly UnitProperty[]): Promise<boolean> {
    try {
      const body = [unit, 'replace', properties, []];
      await this.#job('StartTransientUnit', 'ssa(sv)a(sa(sv))', body);
      return true;
    } catch (error) {
      if (isNamed(error, 'UnitExists')) return false;
      throw error;
    }
  }

  /** Until the unit's end (`systemctl set-property --runtime`). */
  async setProperties(unit: string, properties: readonly UnitProperty[]): Promise<void> {
    if (properties.length === 0) return;
    await this.#call('SetUnitProperties', 'sba(sv)', [unit, true, properties]);
  }

  /** Ends a unit with what runs in it; one that is gone is fine. */
  async stop(unit: string): Promise<void> {
    try {
      await this.#job('StopUnit', 'ss', [unit, 'replace']);
    } catch (error) {
      if (!isNamed(error, 'NoSuchUnit')) throw error;
    }
    await this.resetFailed(unit);
  }

  /** Has systemd forget that it failed. */
  async resetFailed(unit: string): Promise<void> {
    try {
      await this.#call('ResetFailedUnit', 's', [unit]);
    } catch (error) {
      if (!isNamed(error, 'NoSuchUnit')) throw error;
    }
  }

  close(): void {
    this.#connection?.then(
      (connection) => connection.close(),
      () => undefined,
    );
    this.#connection = undefined;
  }

  /** Calls what answers with a job, and waits for the job's end. */
  async #job(member: string, signature: string, body: readonly DbusValue[]): Promise<void> {
    const connection = await this.#open();
    const ended = new Map<string, string>();
    const { promise, resolve } = Promise.withResolvers<void>();
    let job = '';
    // It may have ended before the call's answer is read.
    const forget = connection.onSignal((message: DbusMessage) => {
      if (message.member !== 'JobRemoved') return;
      ended.set(textOf(message.body[1]), textOf(message.body[3]));
      if (ended.has(job)) resolve();
    });
    try {
      [job = ''] = (await connection.call({ ...manager, member, signature, body })).map(textOf);
      if (!ended.has(job)) await within(promise, member);
    } finally {
      forget();
    }
    const result = ended.get(job) ?? '';
    if (result === 'done') return;
    throw new DomainError('conflict', `${member} of ${textOf(body[0])} ended as "${result}"`);
  }

  async #call(member: string, signature: string, body: readonly DbusValue[]): Promise<void> {
    const connection = await this.#open();
    await connection.call({ ...manager, member, signature, body });
  }

  async #open(): Promise<DbusConnection> {
    const before = this.#connection;
    const known = await before?.catch(() => undefined);
    if (known?.open === true) return known;
    // Of several that saw it gone the first one connects.
    const now = this.#connection;
    return await (now === undefined || now === before ? (this.#connection = this.#connect()) : now);
  }

  async #connect(): Promise<DbusConnection> {
    const connection = await DbusConnection.open(this.#path);
    await connection.addMatch(
      `type='signal',interface='${manager.interface}',member='JobRemoved',path='${manager.path}'`,
    );
    await connection.call({ ...manager, member: 'Subscribe' });
    return connection;
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof DbusError && error.errorName === `org.freedesktop.systemd1.${name}`;
}

async function within(promise: Promise<void>, what: string): Promise<void> {
  const late = Promise.withResolvers<never>();
  const text = `${what}: the job did not end`;
  const timer = setTimeout(() => late.reject(new DomainError('timeout', text)), limits.dbusJobMs);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
