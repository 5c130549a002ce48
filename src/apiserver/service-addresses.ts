import { randomInt } from 'node:crypto';
import { familyOfText } from '../api/address-range.ts';
import { type Draft, isList, isObject, type JsonObject, objectIn, textOf } from '../api/json.ts';
import { findKind } from '../api/kinds.ts';
import { ApiError } from '../api/status.ts';
import { type Fault, invalid } from '../api/validate/fault.ts';
import { invalidObject } from '../api/validate/fault.ts';
import type { Store } from '../store/store.ts';
import { decodeObject, metadataOf } from './object-text.ts';
import { addressesIn, planFamilies } from './service-families.ts';
import type { ServiceRanges } from './service-ranges.ts';
import type { Turns } from './turns.ts';

/** The ports that services get of nodes. */
const firstPort = 30_000;
const lastPort = 32_767;

/** What one service was given that it had not before. */
interface Taken {
  readonly addresses: string[];
  readonly ports: number[];
}

interface Asked {
  readonly kept: ReadonlySet<number>;
  readonly path: string;
  readonly taken: Taken;
}

/**
 * Gives services their cluster address and node ports. What is taken is read from the store once;
 * then it is kept here. Where others allocate too, it is read anew each time, and one at a time
 * allocates and writes.
 */
export class ServiceAddresses {
  readonly #ranges: ServiceRanges;
  readonly #store: Store;
  readonly #turns: Turns;
  readonly #addresses = new Set<string>();
  readonly #ports = new Set<number>();
  #loaded: Promise<void> | undefined;

  constructor(store: Store, turns: Turns, ranges: ServiceRanges) {
    this.#store = store;
    this.#turns = turns;
    this.#ranges = ranges;
  }

  /** Around {@link allocate} and the write of what it has given. */
  async alone<T>(write: () => Promise<T>): Promise<T> {
    if (!this.#turns.areShared) return await write();
    return await this.#turns.run('services', async () => {
      this.forget();
      return await write();
    });
  }

  /** What is taken is read anew before the next one is allocated: the state was replaced. */
  forget(): void {
    this.#addresses.clear();
    this.#ports.clear();
    this.#loaded = undefined;
  }

  /** Fills in what the service has not; throws `Invalid` for what another one has. */
  async allocate(service: Draft, old?: JsonObject): Promise<void> {
    this.#loaded ??= this.#load();
    await this.#loaded;
    const spec = service['spec'] as Draft;
    if (spec['type'] === 'ExternalName') return;
    const before = objectIn(old, 'spec');
    const taken: Taken = { addresses: [], ports: [] };
    const faults = this.#allocateAddresses(spec, before, taken);
    if (faults.length === 0) faults.push(...this.#allocatePorts(spec, before, taken));
    if (faults.length === 0) return;
    // Nothing is taken for a service that is refused; what it was refused for is another one's.
    for (const one of taken.addresses) this.#addresses.delete(one);
    for (const one of taken.ports) this.#ports.delete(one);
    const kind = { group: '', kind: 'Service' };
    throw invalidObject(kind, textOf(metadataOf(service)['name']), faults);
  }

  /** What the service had is free again, but what `kept` has too: the same one, changed. */
  release(service: JsonObject | undefined, kept?: JsonObject): void {
    const [spec, keeps] = [objectIn(service, 'spec'), objectIn(kept, 'spec')];
    const [addresses, ports] = [new Set(addressesIn(keeps)), new Set(nodePorts(keeps))];
    for (const one of addressesIn(spec)) if (!addresses.has(one)) this.#addresses.delete(one);
    for (const one of nodePorts(spec)) if (!ports.has(one)) this.#ports.delete(one);
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
    for (const address of addressesIn(spec)) this.#addresses.add(address);
    for (const port of nodePorts(spec)) this.#ports.add(port);
  }

  #allocateAddresses(spec: Draft, old: JsonObject, taken: Taken): Fault[] {
    const plan = planFamilies(spec, old, this.#ranges.families);
    if ('faults' in plan) return [...plan.faults];
    spec['ipFamilies'] = [...plan.families];
    spec['ipFamilyPolicy'] = plan.policy;
    if (plan.asked[0] === 'None') {
      spec['clusterIPs'] = ['None'];
      return [];
    }
    const kept = new Set(addressesIn(old));
    const fault = plan.asked.filter((one) => !kept.has(one)).flatMap((one) => this.#refuse(one));
    if (fault.length > 0) return fault;
    const addresses = plan.families.map((family, index) => {
      const address = plan.asked[index] ?? this.#ranges.free(family, this.#addresses);
      if (!this.#addresses.has(address)) taken.addresses.push(address);
      this.#addresses.add(address);
      return address;
    });
    spec['clusterIP'] = addresses[0] ?? '';
    spec['clusterIPs'] = addresses;
    return [];
  }

  #refuse(asked: string): Fault[] {
    const range = this.#ranges.rangeFor(familyOfText(asked));
    const why =
      range?.holds(asked) === false
        ? `the provided IP (${asked}) is not in the valid range. ` +
          `The range of valid IPs is ${range.toString()}`
        : this.#addresses.has(asked)
          ? 'provided IP is already allocated'
          : undefined;
    if (why === undefined) return [];
    return [invalid('spec.clusterIPs', [asked], `failed to allocate IP ${asked}: ${why}`)];
  }

  #allocatePorts(spec: Draft, old: JsonObject, taken: Taken): Fault[] {
    const kept = new Set(nodePorts(old));
    const isBalanced = spec['type'] === 'LoadBalancer';
    const wanted = spec['type'] === 'NodePort' || isBalanced;
    // Then only those that are asked for by their number.
    const onlyAsked = isBalanced && spec['allocateLoadBalancerNodePorts'] === false;
    const ports = isList(spec['ports']) ? spec['ports'].filter((port) => isObject(port)) : [];
    const faults: Fault[] = [];
    for (const [index, port] of (ports as Draft[]).entries()) {
      if (!wanted) Reflect.deleteProperty(port, 'nodePort');
      else if (!onlyAsked || (port['nodePort'] ?? 0) !== 0) {
        const path = `spec.ports[${index}].nodePort`;
        const fault = this.#allocatePort(port, { kept, path, taken });
        if (fault !== undefined) faults.push(fault);
      }
    }
    return faults;
  }

  #allocatePort(port: Draft, { kept, path, taken }: Asked): Fault | undefined {
    const asked = typeof port['nodePort'] === 'number' ? port['nodePort'] : 0;
    if (asked === 0) {
      const free = this.#freePort();
      this.#ports.add(free);
      taken.ports.push(free);
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
    taken.ports.push(asked);
    return undefined;
  }

  #freePort(): number {
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
