import { randomInt } from 'node:crypto';
import { type Draft, isList, isObject, type JsonObject, objectIn, textOf } from '../api/json.ts';
import { findKind } from '../api/kinds.ts';
import { ApiError } from '../api/status.ts';
import { type Fault, invalid } from '../api/validate/fault.ts';
import { invalidObject } from '../api/validate/fault.ts';
import type { Store } from '../store/store.ts';
import { decodeObject, metadataOf } from './object-text.ts';
import type { Turns } from './turns.ts';

/** The addresses and ports that services get. */
export interface ServiceRange {
  /** First address, and how many there are; the first is kept for the API's own service. */
  readonly first: string;
  readonly count: number;
  readonly firstPort: number;
  readonly lastPort: number;
}

export const defaultServiceRange: ServiceRange = {
  first: '10.96.0.0',
  count: 65_536,
  firstPort: 30_000,
  lastPort: 32_767,
};

/**
 * Gives services their cluster address and node ports. What is taken is read from the store once;
 * then it is kept here. Where others allocate too, it is read anew each time, and one at a time
 * allocates and writes.
 */
export class ServiceAddresses {
  readonly #range: ServiceRange;
  readonly #store: Store;
  readonly #turns: Turns;
  readonly #addresses = new Set<string>();
  readonly #ports = new Set<number>();
  #loaded: Promise<void> | undefined;

  constructor(store: Store, turns: Turns, range: ServiceRange = defaultServiceRange) {
    this.#store = store;
    this.#turns = turns;
    this.#range = range;
  }

  /** Around {@link allocate} and the write of what it has given. */
  async alone<T>(write: () => Promise<T>): Promise<T> {
    if (!this.#turns.areShared) return await write();
    return await this.#turns.run('services', async () => {
      this.#addresses.clear();
      this.#ports.clear();
      this.#loaded = undefined;
      return await write();
    });
  }

  /** Fills in what the service has not; throws `Invalid` for what another one has. */
  async allocate(service: Draft, old?: JsonObject): Promise<void> {
    this.#loaded ??= this.#load();
    await this.#loaded;
    const spec = service['spec'] as Draft;
    if (spec['type'] === 'ExternalName') return;
    const before = objectIn(old, 'spec');
    const faults = this.#allocateAddress(spec, before);
    // Nothing is taken for a service that is refused.
    const given = textOf(spec['clusterIP']);
    if (faults.length === 0) faults.push(...this.#allocatePorts(spec, before));
    if (faults.length === 0) return;
    if (given !== textOf(before['clusterIP'])) this.#addresses.delete(given);
    const kind = { group: '', kind: 'Service' };
    throw invalidObject(kind, textOf(metadataOf(service)['name']), faults);
  }

  /** What the service had is free again. */
  release(service: JsonObject): void {
    const spec = objectIn(service, 'spec');
    this.#addresses.delete(textOf(spec['clusterIP']));
    for (const port of nodePorts(spec)) this.#ports.delete(port);
  }

  async #load(): Promise<void> {
    const prefix = findKind('v1', 'Service')?.prefix ?? '';
    let after: string | undefined;
    do {
      const page = await this.#store.list(prefix, after === undefined ? {} : { after });
      for (const entry of page.entries) this.#take(decodeObject(entry));
      after = page.more ? page.entries.at(-1)?.key : undefined;
    } while (after !== undefined);
  }

  #take(service: JsonObject): void {
    const spec = objectIn(service, 'spec');
    const address = textOf(spec['clusterIP']);
    if (address !== '' && address !== 'None') this.#addresses.add(address);
    for (const port of nodePorts(spec)) this.#ports.add(port);
  }

  #allocateAddress(spec: Draft, old: JsonObject): Fault[] {
    const asked = textOf(spec['clusterIP']);
    if (asked === '' || (asked !== 'None' && asked !== textOf(old['clusterIP']))) {
      if (asked === '') spec['clusterIP'] = this.#freeAddress();
      else if (this.#addresses.has(asked)) {
        const words = 'failed to allocate IP ' + asked + ': provided IP is already allocated';
        return [invalid('spec.clusterIPs', [asked], words)];
      }
      this.#addresses.add(textOf(spec['clusterIP']));
    }
    spec['clusterIPs'] = [spec['clusterIP'] ?? ''];
    spec['ipFamilies'] ??= [asked.includes(':') ? 'IPv6' : 'IPv4'];
    spec['ipFamilyPolicy'] ??= 'SingleStack';
    return [];
  }

  #freeAddress(): string {
    const { first, count } = this.#range;
    const base = numberOf(first);
    const start = randomInt(2, count - 1);
    for (let step = 0; step < count - 2; step += 1) {
      const address = addressOf(base + 1 + ((start + step) % (count - 2)));
      if (!this.#addresses.has(address)) return address;
    }
    throw new ApiError('InternalError', 'failed to allocate a serviceIP: range is full');
  }

  #allocatePorts(spec: Draft, old: JsonObject): Fault[] {
    const kept = new Set(nodePorts(old));
    const wanted = spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';
    const ports = isList(spec['ports']) ? spec['ports'].filter((port) => isObject(port)) : [];
    const faults: Fault[] = [];
    for (const [index, port] of (ports as Draft[]).entries()) {
      if (!wanted) Reflect.deleteProperty(port, 'nodePort');
      else {
        const fault = this.#allocatePort(port, { kept, path: `spec.ports[${index}].nodePort` });
        if (fault !== undefined) faults.push(fault);
      }
    }
    return faults;
  }

  #allocatePort(
    port: Draft,
    { kept, path }: { readonly kept: ReadonlySet<number>; readonly path: string },
  ): Fault | undefined {
    const asked = typeof port['nodePort'] === 'number' ? port['nodePort'] : 0;
    const { firstPort, lastPort } = this.#range;
    if (asked === 0) {
      const free = this.#freePort();
      this.#ports.add(free);
      port['nodePort'] = free;
      return undefined;
    }
    if (kept.has(asked)) return undefined;
    if (asked < firstPort || asked > lastPort) {
      const words =
        'provided port is not in the valid range. The range of valid ports is ' +
        `${firstPort}-${lastPort}`;
      return invalid(path, asked, words);
    }
    if (this.#ports.has(asked)) return invalid(path, asked, 'provided port is already allocated');
    this.#ports.add(asked);
    return undefined;
  }

  #freePort(): number {
    const { firstPort, lastPort } = this.#range;
    const count = lastPort - firstPort + 1;
    const start = randomInt(count);
    for (let step = 0; step < count; step += 1) {
      const port = firstPort + ((start + step) % count);
      if (!this.#ports.has(port)) return port;
    }
    throw new ApiError('InternalError', 'failed to allocate a nodePort: range is full');
  }
}

function nodePorts(spec: JsonObject): number[] {
  const ports = isList(spec['ports']) ? spec['ports'] : [];
  return ports.flatMap((port) => {
    const number = isObject(port) ? port['nodePort'] : undefined;
    return typeof number === 'number' && number > 0 ? [number] : [];
  });
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function addressOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}
