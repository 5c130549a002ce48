import { DomainError } from '../../base/error.ts';
import type { Resources } from '../resources.ts';
import { scopeProperties, unitProperties } from './unit-properties.ts';
import { Units } from './units.ts';

/** Containers' cgroups as transient scopes of systemd, which then is their owner. */
export class Scopes {
  readonly #units: Units;

  /** Of the system's bus, unless another socket is named. */
  constructor(path?: string) {
    this.#units = new Units(path);
  }

  /**
   * Makes a scope with a process in it (`systemd-run --scope`), with its slices; one of that name
   * which has failed is cleared away first. DomainError `exists` where one is active.
   */
  async start(
    scope: { readonly unit: string; readonly slice: string; readonly pid: number },
    resources: Resources,
  ): Promise<void> {
    const { unit } = scope;
    const description = `keelson container ${unit}`;
    const properties = [
      ...scopeProperties({ ...scope, description }),
      ...unitProperties(resources),
    ];
    if (await this.#units.start(unit, properties)) return;
    await this.#units.resetFailed(unit);
    if (await this.#units.start(unit, properties)) return;
    throw new DomainError('exists', `Unit ${unit} exists already`);
  }

  /** New limits, until the unit's end (`systemctl set-property --runtime`). */
  async update(unit: string, resources: Resources): Promise<void> {
    await this.#units.setProperties(unit, unitProperties(resources));
  }

  /** Ends a unit with what runs in it; one that is gone is fine. */
  async stop(unit: string): Promise<void> {
    await this.#units.stop(unit);
  }

  close(): void {
    this.#units.close();
  }
}
