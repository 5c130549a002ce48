import { AddressRange, familyOfText, type IpFamily, parseRanges } from '../../api/address-range.ts';
import { resources } from '../../api/client/resources.ts';
import { DomainError, isDomainError } from '../../base/error.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import type { Node } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';

export const defaultPodCidr = '10.244.0.0/16';

/** Addresses that pods get, cut into one range for each node. */
export interface PodRange {
  readonly cluster: AddressRange;
  /** Of a node's range: 24. */
  readonly nodeBits: number;
  /** How many nodes it is enough for. */
  readonly count: number;
}

const nodeBits: Readonly<Record<IpFamily, number>> = { IPv4: 24, IPv6: 64 };
/** A range that is smaller than a node's usual one is for so many nodes. */
const fewestNodeBits = 4;
/** Of a wider range the rest is not given out. */
const mostNodeBits = 16;
/** A node's range is of so many addresses at least, network and broadcast among them. */
const longestPrefix: Readonly<Record<IpFamily, number>> = { IPv4: 30, IPv6: 124 };

/** `10.244.0.0/16,fd44::/48`: nodes get a /24 and a /64 of it. Throws DomainError `invalid`. */
export function podRangesOf(text: string): readonly PodRange[] {
  return parseRanges(text)
    .filter((range) => range !== undefined)
    .map((cluster) => {
      const bits = Math.max(nodeBits[cluster.family], cluster.bits + fewestNodeBits);
      if (bits <= longestPrefix[cluster.family]) {
        return { cluster, nodeBits: bits, count: 2 ** Math.min(bits - cluster.bits, mostNodeBits) };
      }
      throw new DomainError('invalid', `"${cluster.toString()}" is too small for nodes' pods`);
    });
}

interface Found {
  readonly text: string;
  readonly index: number;
}

const source = 'cidrAllocator';
const retryMs = 60_000;

/**
 * Gives each node its ranges of pod addresses, one a family. One worker: two nodes never get the
 * same. What a node has is never changed; a family that the cluster got later is for new nodes.
 */
export class PodRangeController implements Controller {
  readonly name = 'node-ipam-controller';
  readonly workers = 1;
  readonly #cluster: Cluster;
  readonly #nodes;
  readonly #ranges: readonly PodRange[];
  #starts: readonly number[] = [];

  constructor(cluster: Cluster, ranges: readonly PodRange[] = podRangesOf(defaultPodCidr)) {
    this.#cluster = cluster;
    this.#nodes = cluster.informer(resources.nodes);
    this.#ranges = ranges;
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
    const taken = new Set(this.#nodes.list().flatMap(textsOf));
    const found = this.#ranges.map((range, family) =>
      firstFree(range, { taken, start: this.#starts[family] ?? 0 }),
    );
    const podCIDRs = found.flatMap((one) => one?.text ?? []);
    const [podCIDR] = podCIDRs;
    if (podCIDR === undefined || podCIDRs.length < found.length) {
      this.#cluster.events.tell(resources.nodes, node, {
        source,
        type: 'Normal',
        reason: 'CIDRNotAvailable',
        message: `Node ${name} status is now: CIDRNotAvailable`,
      });
      return retryMs;
    }
    this.#starts = found.map((one) => one?.index ?? 0);
    const spec = { ...node.spec, podCIDR, podCIDRs };
    await this.#cluster.update(resources.nodes, { ...node, spec });
    return undefined;
  }
}

function textsOf({ spec }: Node): readonly string[] {
  return [...(spec?.podCIDRs ?? []), ...(spec?.podCIDR ? [spec.podCIDR] : [])];
}

/**
 * From where the last one was found on, for there may be thousands. Also none that overlaps with
 * one of another size: the cluster's range may have been another once.
 */
function firstFree(
  { cluster, nodeBits: bits, count }: PodRange,
  { taken, start }: { readonly taken: ReadonlySet<string>; readonly start: number },
): Found | undefined {
  const others = [...taken]
    .filter((text) => !text.endsWith(`/${bits}`) && familyOfText(text) === cluster.family)
    .flatMap(tryRange);
  const step = 1n << BigInt((cluster.family === 'IPv4' ? 32 : 128) - bits);
  for (let tried = 0; tried < count; tried += 1) {
    const index = (start + tried) % count;
    const text = `${cluster.at(BigInt(index) * step)}/${bits}`;
    if (taken.has(text)) continue;
    if (others.length > 0) {
      const range = new AddressRange(text);
      if (others.some((one) => one.holds(range.at(0)) || range.holds(one.at(0)))) continue;
    }
    return { text, index };
  }
  return undefined;
}

/** Nodes may say of themselves what they like. */
function tryRange(text: string): readonly AddressRange[] {
  try {
    return [new AddressRange(text)];
  } catch (error) {
    if (isDomainError(error, 'invalid')) return [];
    throw error;
  }
}
