import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UnpackOptions, UnpackResult } from '../../../../src/image/layer/layer.ts';
import { createUnpacker } from '../../../../src/image/layer/unpack.ts';

/** A pool and folders for one test file, gone at its end. */
export interface Bench {
  /** A new folder `rootfs` in a folder of its own, so that escapes show beside it. */
  makeFolder(): string;
  unpack(folder: string, blob: Buffer, options?: Partial<UnpackOptions>): Promise<UnpackResult>;
}

export function openBench(t: { teardown(undo: () => unknown): void }): Bench {
  const unpacker = createUnpacker(2);
  const base = mkdtempSync(join(tmpdir(), 'keelson-layer-'));
  t.teardown(async () => {
    await unpacker.close();
    rmSync(base, { recursive: true, force: true });
  });
  let count = 0;
  return {
    makeFolder() {
      count += 1;
      const folder = join(base, String(count), 'rootfs');
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    async unpack(folder, blob, options = {}) {
      const layer = unpacker.open({ folder, ...options });
      for (let at = 0; at < blob.length; at += 60_000) {
        await layer.write(blob.subarray(at, at + 60_000));
      }
      return layer.finish();
    },
  };
}
