import type { Name } from './name.ts';
import type { EndpointRecord, ServiceRecord } from './service-record.ts';

/** The records of a cluster by name and by address. */
export class RecordStore {
  readonly #services = new Map<string, ServiceRecord>();
  /** How many Services a namespace has. */
  readonly #namespaces = new Map<string, number>();
  /** By address, what it is called below `svc`: a few at most. */
  readonly #pointers = new Map<string, Set<Name>>();
  #version = 0;

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  get(namespace: string, name: string): ServiceRecord | undefined {
    return this.#services.get(`${namespace}/${name}`);
  }

  hasNamespace(namespace: string): boolean {
    return this.#namespaces.has(namespace);
  }

  all(): IterableIterator<ServiceRecord> {
    return this.#services.values();
  }

  /** The names of an address, below `svc` of the cluster's domain. */
  namesOf(address: string): readonly Name[] {
    return [...(this.#pointers.get(address) ?? [])];
  }

  set(record: ServiceRecord): void {
    const { namespace, name } = record;
    this.remove(namespace, name);
    this.#services.set(`${namespace}/${name}`, record);
    this.#namespaces.set(namespace, (this.#namespaces.get(namespace) ?? 0) + 1);
    for (const [address, pointer] of pointersOf(record)) {
      const known = this.#pointers.get(address);
      if (known === undefined) this.#pointers.set(address, new Set([pointer]));
      else known.add(pointer);
    }
    this.#version += 1;
  }

  remove(namespace: string, name: string): void {
    const record = this.get(namespace, name);
    if (record === undefined) return;
    this.#services.delete(`${namespace}/${name}`);
    const left = (this.#namespaces.get(namespace) ?? 1) - 1;
    if (left > 0) this.#namespaces.set(namespace, left);
    else this.#namespaces.delete(namespace);
    for (const [address, pointer] of pointersOf(record)) {
      const known = this.#pointers.get(address);
      known?.delete(pointer);
      if (known?.size === 0) this.#pointers.delete(address);
    }
    this.#version += 1;
  }

  /** Keeps only those whose keys are given. */
  retain(keys: ReadonlySet<string>): void {
    for (const [key, { namespace, name }] of this.#services) {
      if (!keys.has(key)) this.remove(namespace, name);
    }
  }
}

function* pointersOf(record: ServiceRecord): Generator<[address: string, name: Name]> {
  const { namespace, name, addresses, endpoints = [] } = record;
  for (const address of addresses) yield [address, `${name}.${namespace}`];
  for (const endpoint of endpoints) {
    for (const address of endpoint.addresses) yield [address, endpointName(record, endpoint)];
  }
}

/** `db-0.db.default`, below `svc`. */
export function endpointName(
  { namespace, name }: Pick<ServiceRecord, 'namespace' | 'name'>,
  { hostname }: EndpointRecord,
): Name {
  return `${hostname}.${name}.${namespace}`;
}
