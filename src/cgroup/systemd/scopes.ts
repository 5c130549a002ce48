import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Resources } from '../resources.ts';
import { DbusConnection, DbusError, systemBusPath } from '../../base/dbus-connection.ts';
import { textOf, type DbusMessage, type DbusValue } from '../../base/dbus-message.ts';
import { scopeProperties, unitProperties } from './unit-properties.ts';

const manager = {
  destination: 'org.freedesktop.systemd1',
  path: '/org/freedesktop/systemd1',
  interface: 'org.freedesktop.systemd1.Manager',
} as const;

/** Containers' cgroups as transient scopes of systemd, which then is their owner. */
export class Scopes {
  readonly #path: string;
  #connection: Promise<DbusConnection> | undefined;

  /** Connects when it is first needed, and again when the bus was restarted. */
  constructor(path: string = systemBusPath()) {
    this.#path = path;
  }

  /**
   * Makes a scope with a process in it (`systemd-run --scope`), with its slices; one of that name
   * which has failed is cleared away first. DomainError `exists` where one is active.
   */
  async start(
    scope: { readonly unit: string; readonly slice: string; readonly pid: number },
    resources: Resources,
  ): Promise<void> {
    const description = `keelson container ${scope.unit}`;
    const properties = [
      ...scopeProperties({ ...scope, description }),
      ...unitProperties(resources),
    ];
    const body = [scope.unit, 'replace', properties, []];
    const member = 'StartTransientUnit';
    try {
      await this.#job(member, 'ssa(sv)a(sa(sv))', body);
    } catch (error) {
      if (!isNamed(error, 'UnitExists')) throw error;
      await this.#resetFailed(scope.unit);
      await this.#job(member, 'ssa(sv)a(sa(sv))', body).catch((again: unknown) => {
        if (!isNamed(again, 'UnitExists')) throw again;
        throw new DomainError('exists', `Unit ${scope.unit} exists already`, { cause: again });
      });
    }
  }

  /** New limits, until the unit's end (`systemctl set-property --runtime`). */
  async update(unit: string, resources: Resources): Promise<void> {
    const properties = unitProperties(resources);
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
    await this.#resetFailed(unit);
  }

  close(): void {
    this.#connection?.then(
      (connection) => connection.close(),
      () => undefined,
    );
    this.#connection = undefined;
  }

  async #resetFailed(unit: string): Promise<void> {
    try {
      await this.#call('ResetFailedUnit', 's', [unit]);
    } catch (error) {
      if (!isNamed(error, 'NoSuchUnit')) throw error;
    }
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
    const known = await this.#connection?.catch(() => undefined);
    if (known?.open === true) return known;
    this.#connection = this.#connect();
    return await this.#connection;
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
