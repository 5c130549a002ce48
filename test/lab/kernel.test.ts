/**
 * The kernel tests on the lab's machine: Debian's kernel 6.1, older than most, without time
 * namespaces, in a chroot. What it cannot do is skipped there by name.
 */
import t from 'tap';
import { runInside, unable } from './lab.ts';

const bindings = ['open', 'file', 'extent', 'xattr', 'namespace', 'inside', 'mount', 'mount-tree'];
const processes = ['pidfd', 'memory-file', 'terminal', 'readiness', 'capability'];
const subjects = [
  ...[...bindings, ...processes, 'feature/feature', 'seccomp'].map((name) => `kernel/${name}`),
  ...['unpack', 'pack', 'attack-path'].map((name) => `image/layer/${name}`),
  'container/overlay',
  'network/services/require-nat',
];

t.test('on Linux 6.1', { skip: unable() }, async (t) => {
  await runInside(t, {
    files: subjects.map((name) => `test/kernel/${name}.test.ts`),
    seconds: 240,
    onDisk: true,
  });
});
