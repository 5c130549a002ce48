/**
 * The kernel tests on the lab's machine: Debian's kernel 6.1, older than most, without time
 * namespaces, in a chroot. What it cannot do is skipped there by name.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { unable } from './lab.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const skip = unable();
const bindings = [
  ['open', 'file', 'extent', 'xattr'],
  ['namespace', 'inside', 'mount', 'mount-tree'],
  ['pidfd', 'memory-file', 'terminal', 'readiness', 'capability', 'feature'],
  ['seccomp'],
];
const subjects = [
  ...bindings.map((names) => names.map((name) => `kernel/${name}`)),
  ['unpack', 'pack', 'attack-path'].map((name) => `image/layer/${name}`),
  ['container/overlay'],
];

t.setTimeout(600_000);
for (const names of subjects) {
  const title = `on Linux 6.1: ${names.join(', ')}`;
  if (skip === false) runInside(names, title);
  else t.test(title, { skip }, () => {});
}

/** The ext4 disk has extended attributes, which the lab's /tmp has not. */
function runInside(names: readonly string[], title: string): void {
  const script = `
    mkdir -p /var/lib/keelson/tmp; export TMPDIR=/var/lib/keelson/tmp
    export TAP_TIMEOUT=240 status=0
    for name in ${names.join(' ')}; do
      timeout 240 node test/kernel/$name.test.ts >/tmp/out 2>&1 && continue
      cat /tmp/out; status=1
    done
    exit $status`;
  t.test(title, async (t) => {
    const command = ['run', '--timeout', '290', '--', 'bash', '-c', script];
    const { stdout, status } = spawnSync('scripts/lab', command, {
      cwd: project,
      encoding: 'utf8',
    });
    t.equal(status, 0, status === 0 ? 'all pass' : stdout);
  });
}
