import { promises } from 'node:fs';
import { DomainError, hasCode, messageOf } from '../base/error.ts';
import { availableWrites } from './available-writes.ts';
import type { CgroupFolder } from './folder.ts';
import { numberOf } from './interface-file.ts';
import { inSafeOrder, undoOf, writesOf, type Write } from './plan-writes.ts';
import type { Settings } from './setting.ts';

export interface ApplyOptions {
  /** What to do about a setting whose controller or file is missing; `refuse` by default. */
  readonly missingControllers?: 'refuse' | 'warn';
  /** Refuse a memory limit below what is in use now (OCI `checkBeforeUpdate`). */
  readonly checkMemoryUsage?: boolean;
}

export interface Applied {
  /** A line for each setting that this kernel cannot enforce; only with `warn`. */
  readonly notEnforced: readonly string[];
}

/**
 * Writes all settings or none: values are read before, and written back when a later write fails.
 * What memory limits have reclaimed or killed in between does not come back, so they are the last.
 */
export async function applySettings(
  folder: CgroupFolder,
  settings: Settings,
  options: ApplyOptions = {},
): Promise<Applied> {
  const wanted = writesOf(settings);
  if (wanted.length === 0) return { notEnforced: [] };
  const { writes, before, notEnforced } = availableWrites(folder, wanted);
  if (notEnforced[0] !== undefined && options.missingControllers !== 'warn') {
    throw new DomainError('unsupported', notEnforced[0]);
  }
  if (options.checkMemoryUsage === true) checkMemoryUsage(folder, writes);
  await writeAll(folder, inSafeOrder(writes, before), before);
  return { notEnforced };
}

async function writeAll(
  folder: CgroupFolder,
  writes: readonly Write[],
  before: ReadonlyMap<string, string>,
): Promise<void> {
  const undo: Write[] = [];
  for (const write of writes) {
    const old = before.get(write.file);
    if (old !== undefined) undo.unshift(undoOf(write, old));
    try {
      // oxlint-disable-next-line no-await-in-loop: the order is the point
      await writeOne(folder, write);
    } catch (cause) {
      const damage = rollBack(folder, undo);
      throw writeError({ folder, write, damage }, cause);
    }
  }
}

async function writeOne(folder: CgroupFolder, { file, texts }: Write): Promise<void> {
  for (const text of texts) {
    if (mayBlock(folder, file, text)) {
      // oxlint-disable-next-line no-await-in-loop: the order is the point
      await promises.writeFile(`${folder.ownPath}/${file}`, text, { flag: 'r+' });
    } else {
      folder.write(file, text);
    }
  }
}

/** A memory limit below present use makes the write reclaim, for seconds if it must swap. */
function mayBlock(folder: CgroupFolder, file: string, text: string): boolean {
  if (file !== 'memory.max' && file !== 'memory.high') return false;
  return numberOf(text) < Number(folder.read('memory.current'));
}

/** Writes old values back, and tells which could not be. */
function rollBack(folder: CgroupFolder, undo: readonly Write[]): string[] {
  return undo.flatMap(({ file, texts }) =>
    texts.flatMap((text) => {
      try {
        folder.write(file, text);
        return [];
      } catch (error) {
        return [messageOf(error)];
      }
    }),
  );
}

interface FailedWrite {
  readonly folder: CgroupFolder;
  readonly write: Write;
  readonly damage: readonly string[];
}

function writeError({ folder, write, damage }: FailedWrite, cause: unknown): DomainError {
  const kind = hasCode(cause, 'EINVAL', 'ERANGE', 'ENODEV', 'EOPNOTSUPP') ? 'invalid' : 'conflict';
  const value = JSON.stringify(write.texts.join('\n'));
  const rest = damage.length === 0 ? '' : `; not rolled back: ${damage.join(', ')}`;
  return new DomainError(
    kind,
    `Cannot set ${write.file} of cgroup "${folder.path}" to ${value}${rest}`,
    { cause },
  );
}

function checkMemoryUsage(folder: CgroupFolder, writes: readonly Write[]): void {
  const text = writes.find(({ file }) => file === 'memory.max')?.texts[0];
  if (text === undefined) return;
  const current = Number(folder.read('memory.current'));
  if (numberOf(text) >= current) return;
  throw new DomainError(
    'conflict',
    `Cannot set memory.max of cgroup "${folder.path}" to ${text}: ${current} bytes are in use`,
  );
}
