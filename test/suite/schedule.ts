/** Which test file runs next, and what must not run beside it. */

/**
 * Tiers in the order in which their files are taken. `machine` tests change what the whole machine
 * shares (mounts, nf_tables, cgroups): one of them at a time. A `lab` test boots a kernel of its
 * own: one at a time, for its memory. The rest may run beside all others.
 */
const tiers = {
  kernel: 'machine',
  cni: 'machine',
  e2e: 'machine',
  lab: 'lab',
  cluster: 'free',
  simulation: 'free',
  unit: 'free',
  tidy: 'free',
} as const;

export const tierNames: readonly string[] = Object.keys(tiers);

/** `test/unit/image/layer.test.ts` is of the tier `unit`. */
export function tierOf(file: string): string {
  return file.split('/')[1] ?? '';
}

export function classOf(file: string): 'machine' | 'lab' | 'free' {
  return Object.entries(tiers).find(([name]) => name === tierOf(file))?.[1] ?? 'machine';
}

/** In the order in which they are to be taken. */
export function ordered(files: readonly string[]): readonly string[] {
  return files.toSorted((one, other) => placeOf(one) - placeOf(other) || one.localeCompare(other));
}

function placeOf(file: string): number {
  return tierNames.indexOf(tierOf(file));
}

/** The first of the waiting files that may run beside the running ones; undefined when none may. */
export function nextFile(
  waiting: readonly string[],
  running: readonly string[],
): string | undefined {
  const taken = running.map(classOf).filter((name) => name !== 'free');
  return waiting.find((file) => !taken.some((name) => name === classOf(file)));
}
