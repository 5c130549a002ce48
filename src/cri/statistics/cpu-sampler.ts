import type { CpuReading, Statistics } from './statistics.ts';

/** Shorter spans say more of the moment of asking than of the load. */
const shortestMs = 1000;
/** Points that are kept of each cgroup: the background's last two, so that one is old enough. */
const kept = 2;

/**
 * How much of a CPU cgroups use now, from two readings of what they have used. A kubelet that asks
 * once gets an answer because the background reads too, and does not wait for a second reading.
 */
export class CpuSampler {
  readonly #points = new Map<string, CpuReading[]>();

  /** Remembers a background reading, and forgets the cgroups that are not among `paths`. */
  sample(paths: Iterable<string>, read: (path: string) => CpuReading | undefined): void {
    const present = new Set(paths);
    for (const path of this.#points.keys()) if (!present.has(path)) this.#points.delete(path);
    for (const path of present) {
      const reading = read(path);
      if (reading !== undefined) this.#remember(path, reading);
    }
  }

  /** Thousand-millionths of a CPU; undefined until there are readings a second apart. */
  nanoCores(path: string, statistics: Statistics): number | undefined {
    const { usageMicroseconds } = statistics.cpu;
    const now = { atMs: statistics.atMs, usageMicroseconds };
    const points = this.#points.get(path) ?? [];
    const before = points.findLast(({ atMs }) => now.atMs - atMs >= shortestMs);
    if (points.length === 0) this.#remember(path, now);
    if (before === undefined) return undefined;
    const usedNanoseconds = Math.max(0, now.usageMicroseconds - before.usageMicroseconds) * 1000;
    return Math.round((usedNanoseconds * 1000) / (now.atMs - before.atMs));
  }

  #remember(path: string, point: CpuReading): void {
    this.#points.set(path, [...(this.#points.get(path) ?? []), point].slice(-kept));
  }
}
