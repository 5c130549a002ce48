import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { isChrooted } from '../../../src/kernel/chroot.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

const script = fileURLToPath(new URL('in-chroot.ts', import.meta.url));

t.test('this process lives in no chroot', async (t) => {
  t.equal(await isChrooted(), false);
});

t.test('a runtime in a chroot keeps its containers, and what joins them, inside', async (t) => {
  const folder = mkdtempSync('/var/tmp/keelson-chroot-');
  const root = join(folder, 'root');
  mkdirSync(root);
  t.teardown(() => {
    rmdirSync(root);
    rmdirSync(folder);
  });
  const enter = 'mount --make-rprivate / && mount --rbind / "$0" && exec chroot "$0" "$@"';
  const args = ['-m', 'sh', '-c', enter, root, process.execPath, script];
  const seen = JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' })) as {
    chrooted: boolean;
    own: string;
    joined: string;
  };
  t.equal(seen.chrooted, true);
  t.match(seen.own, /^\/:\nbin\ndev\netc\nproc\n/);
  t.match(seen.own, 'root:x:0:0:root:/root:/bin/sh\n');
  t.equal(seen.joined, seen.own, 'an exec sees the same');
});
