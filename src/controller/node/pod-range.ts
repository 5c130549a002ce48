import { resources } from '../../api/client/resources.ts';
import { DomainError } from '../../base/error.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import type { WorkQueue } from '../work-queue.ts';

/** The addresses that pods get, cut into one range for each node. */
export interface PodRanges {
  /** `10.244.0.0/16` */
  readonly cluster: string;
  /** 24 */
  readonly nodeBits: number;
}

export const defaultPodRanges: PodRanges = { cluster: '10.244.0.0/16', nodeBits: 24 };

const source = 'cidrAllocator';
const retryMs = 60_000;

/** Gives each node its range of pod addresses. One worker: two nodes never get the same. */
export class PodRangeController implements Controller {
  readonly name = 'node-ipam-controller';
  readonly workers = 1;
  readonly #cluster: Cluster;
  readonly #nodes;
  readonly #first: number;
  readonly #count: number;
  readonly #bits: number;

  /** Throws DomainError `invalid`. */
  constructor(cluster: Cluster, { cluster: range, nodeBits }: PodRanges = defaultPodRanges) {
    this.#cluster = cluster;
    this.#nodes = cluster.informer(resources.nodes);
    const { address, bits } = parseRange(range);
    if (nodeBits < bits || nodeBits > 30 || nodeBits - bits > 16) {
      throw new DomainError('invalid', `"${range}" cannot be cut into ranges of /${nodeBits}`);
    }
    this.#first = address;
    this.#count = 2 ** (nodeBits - bits);
    this.#bits = nodeBits;
  }

  get needs() {
    return [this.#nodes];
  }

  watch(queue: WorkQueue): void {
    this.#nodes.onChange((now) => {
      if (now !== undefined && now.spec?.podCIDR === undefined) queue.add(now.metadata.name);
    });
  }

  async reconcile(name: string): Promise<number | undefined> {
    const node = this.#nodes.get('', name);
    if (node === undefined || node.spec?.podCIDR !== undefined) return undefined;
    const taken = new Set(this.#nodes.list().flatMap(({ spec }) => spec?.podCIDRs ?? []));
    for (const { spec } of this.#nodes.list()) if (spec?.podCIDR) taken.add(spec.podCIDR);
    const podCIDR = this.#firstFree(taken);
    if (podCIDR === undefined) {
      this.#cluster.events.tell(resources.nodes, node, {
        source,
        type: 'Normal',
        reason: 'CIDRNotAvailable',
        message: `Node ${name} status is now: CIDRNotAvailable`,
      });
      return retryMs;
    }
    const spec = { ...node.spec, podCIDR, podCIDRs: [podCIDR] };
    await this.#cluster.update(resources.nodes, { ...node, spec });
    return undefined;
  }

  #firstFree(taken: ReadonlySet<string>): string | undefined {
    for (let index = 0; index < this.#count; index += 1) {
      const address = this.#first + index * 2 ** (32 - this.#bits);
      const range = `${formatAddress(address)}/${this.#bits}`;
      if (!taken.has(range)) return range;
    }
    return undefined;
  }
}

function parseRange(text: string): { address: number; bits: number } {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  const numbers = (match ?? []).slice(1).map(Number);
  const [bits = 33] = numbers.splice(4);
  if (numbers.length !== 4 || numbers.some((number) => number > 255) || bits > 30) {
    throw new DomainError('invalid', `"${text}" is not a range of IPv4 addresses`);
  }
  const address = numbers.reduce((sum, number) => sum * 256 + number, 0);
  return { address: address - (address % 2 ** (32 - bits)), bits };
}

function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
