import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeDescriptor, openFolder } from '../../src/index.ts';

/** A new empty folder for one test, open as a descriptor, removed with all in it at the end. */
export interface Scratch {
  readonly path: string;
  readonly fd: number;
}

export function scratch(t: { teardown(undo: () => void): void }): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'keelson-test-'));
  const folder = openFolder(path);
  const fd = folder.release();
  t.teardown(() => {
    closeDescriptor(fd);
    rmSync(path, { recursive: true, force: true });
  });
  return { path, fd };
}
