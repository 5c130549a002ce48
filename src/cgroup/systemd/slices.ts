import type { Resources } from '../resources.ts';
import { sliceProperties, unitProperties } from './unit-properties.ts';
import { Units } from './units.ts';

/** Slices of systemd, which it makes when a unit lies in one, as cgroups with limits. */
export class Slices {
  readonly #units: Units;

  /** Of the system's bus, unless another socket is named. */
  constructor(path?: string) {
    this.#units = new Units(path);
  }

  /** Starts a slice with limits, or gives them to one that is there already. */
  async limit(unit: string, resources: Resources): Promise<void> {
    const limits = unitProperties(resources);
    if (await this.#units.start(unit, [...sliceProperties(unit), ...limits])) return;
    await this.#units.setProperties(unit, limits);
  }

  /** Ends a slice with all units in it; one that is gone is fine. */
  async stop(unit: string): Promise<void> {
    await this.#units.stop(unit);
  }

  close(): void {
    this.#units.close();
  }
}
