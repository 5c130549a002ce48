import { collides, type HostPort } from '../../api/host-port.ts';

/** Which nodes' ports are taken: sparse, for few pods take any. */
export class UsedPorts {
  /** By port, by address, by slot: how many pods. More than one where a kubelet let them. */
  readonly #ports = new Map<string, Map<string, Map<number, number>>>();

  add(ports: readonly HostPort[], slot: number, by: 1 | -1): void {
    for (const { port, address } of ports) this.#addOne({ port, address }, slot, by);
  }

  isFree(ports: readonly HostPort[], slot: number): boolean {
    return ports.every(({ port, address }) => {
      const addresses = this.#ports.get(port);
      if (addresses === undefined) return true;
      return ![...addresses].some(([taken, slots]) => collides(taken, address) && slots.has(slot));
    });
  }

  #addOne({ port, address }: HostPort, slot: number, by: 1 | -1): void {
    const addresses = this.#ports.get(port) ?? new Map<string, Map<number, number>>();
    const slots = addresses.get(address) ?? new Map<number, number>();
    this.#ports.set(port, addresses);
    addresses.set(address, slots);
    const count = (slots.get(slot) ?? 0) + by;
    if (count > 0) slots.set(slot, count);
    else slots.delete(slot);
    if (slots.size === 0) addresses.delete(address);
    if (addresses.size === 0) this.#ports.delete(port);
  }
}
