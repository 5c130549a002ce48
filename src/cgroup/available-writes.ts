import type { CgroupFolder } from './folder.ts';
import { lines, words } from './interface-file.ts';
import type { Write } from './plan-writes.ts';

/** What a cgroup can take of the wanted writes. */
export interface AvailableWrites {
  readonly writes: readonly Write[];
  /** The present text of each file that can be read. */
  readonly before: ReadonlyMap<string, string>;
  /** A line for each write that it cannot take. */
  readonly notEnforced: readonly string[];
}

export function availableWrites(folder: CgroupFolder, wanted: readonly Write[]): AvailableWrites {
  const controllers = words(folder.read('cgroup.controllers'));
  const writes: Write[] = [];
  const before = new Map<string, string>();
  const notEnforced: string[] = [];
  for (const original of wanted) {
    const write = substitute(folder, original);
    const text = folder.readOptional(write.file);
    if (text !== undefined) {
      writes.push(write);
      before.set(write.file, text);
    } else if (!isNoLimit(write, controllers)) {
      notEnforced.push(missing(folder, write, controllers));
    }
  }
  return { writes, before, notEnforced };
}

/** Without its file, "no limit" holds by itself; so does "no swap" on a kernel that has none. */
function isNoLimit({ file, texts }: Write, controllers: readonly string[]): boolean {
  if (texts.every((text) => /^max( \d+)?$/.test(text))) return true;
  const noSwap = file === 'memory.swap.max' && texts.every((text) => text === '0');
  // Reservation limits came with Linux 5.7; hugetlb.*.max itself limits as well.
  const reservation = /^hugetlb\..*\.rsvd\.max$/.test(file) && controllers.includes('hugetlb');
  return (noSwap && controllers.includes('memory')) || reservation;
}

/**
 * io.bfq.weight exists only with the BFQ scheduler; io.weight (the iocost model) means the same on
 * a scale to 10,000, to which runc and crun convert in this way too.
 */
function substitute(folder: CgroupFolder, write: Write): Write {
  if (write.file !== 'io.bfq.weight' || folder.readOptional('io.bfq.weight') !== undefined) {
    return write;
  }
  const texts = write.texts.map((text) => {
    const [key = '', weight] = text.split(' ');
    return `${key} ${Math.floor(1 + ((Number(weight) - 10) * 9999) / 990)}`;
  });
  return { file: 'io.weight', texts };
}

function missing(folder: CgroupFolder, write: Write, controllers: readonly string[]): string {
  const [controller = ''] = write.file.split('.');
  const value = lines(write.texts.join('\n')).join(', ');
  const subject = `Cannot set ${write.file} of cgroup "${folder.path}" to ${value}`;
  if (controller === 'cgroup' || controllers.includes(controller)) {
    return `${subject}: the kernel's ${controller} controller has no such file`;
  }
  return `${subject}: the ${controller} controller is not available there (controllers: ${
    controllers.join(' ') || 'none'
  })`;
}
