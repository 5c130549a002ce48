import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An OCI layout with the image `app` of two layers, made by umoci from a static busybox. */
export interface MadeLayout extends Disposable {
  readonly folder: string;
}

export function makeLayout(): MadeLayout {
  const scratch = mkdtempSync(join(tmpdir(), 'keelson-layout-'));
  const folder = join(scratch, 'layout');
  const image = `${folder}:app`;
  const umoci = (...args: string[]): void => {
    execFileSync('umoci', args, { cwd: scratch, stdio: ['ignore', 'ignore', 'inherit'] });
  };
  umoci('init', '--layout', folder);
  umoci('new', '--image', image);
  addLayer(umoci, { image, bundle: join(scratch, 'first') }, (root) => {
    mkdirSync(join(root, 'bin'));
    cpSync('/bin/busybox', join(root, 'bin/busybox'));
    symlinkSync('busybox', join(root, 'bin/sh'));
    writeFileSync(join(root, 'removed'), 'by the second layer');
  });
  addLayer(umoci, { image, bundle: join(scratch, 'second') }, (root) => {
    rmSync(join(root, 'removed'));
    writeFileSync(join(root, 'greeting'), 'hello from umoci');
  });
  umoci('config', '--image', image, '--config.cmd', '/bin/sh', '--config.env', 'A=b c');
  return { folder, [Symbol.dispose]: () => rmSync(scratch, { recursive: true, force: true }) };
}

function addLayer(
  umoci: (...args: string[]) => void,
  { image, bundle }: { image: string; bundle: string },
  change: (root: string) => void,
): void {
  umoci('unpack', '--image', image, bundle);
  change(join(bundle, 'rootfs'));
  umoci('repack', '--image', image, bundle);
}

/** Runs skopeo; what it prints. */
export function skopeo(...args: readonly string[]): string {
  return execFileSync('skopeo', ['--insecure-policy', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
