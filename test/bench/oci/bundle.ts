import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Spec } from '../../../src/container/spec.ts';

/** An OCI bundle with runc's own default specification and a busybox root, for all sides alike. */
export class BenchBundle implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'keelson-bench-'));
  readonly root = join(this.folder, 'rootfs');
  /** For every side's state: a tmpfs, as /run is where a service manager has mounted it. */
  readonly state = mkdtempSync('/dev/shm/keelson-bench-');
  readonly name = basename(this.folder);
  readonly spec: Spec;

  constructor(args: readonly string[]) {
    mkdirSync(join(this.root, 'bin'), { recursive: true });
    copyFileSync('/bin/busybox', join(this.root, 'bin/busybox'));
    for (const name of ['true', 'sleep']) symlinkSync('busybox', join(this.root, 'bin', name));
    execFileSync('runc', ['spec'], { cwd: this.folder });
    const path = join(this.folder, 'config.json');
    const spec = JSON.parse(readFileSync(path, 'utf8')) as Spec & { process: object };
    this.spec = {
      ...spec,
      root: { path: this.root, readonly: true },
      process: { ...spec.process, args, terminal: false },
    };
    writeFileSync(path, JSON.stringify(this.spec));
  }

  [Symbol.dispose](): void {
    for (const folder of [this.folder, this.state]) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
