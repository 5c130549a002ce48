import t from 'tap';
import { isPinned, parsePinned } from '../../../src/image/pinned.ts';

const digest = `sha256:${'a'.repeat(64)}`;

t.test('names are made whole, beginnings stay as they are', async (t) => {
  t.same(parsePinned(['busybox', `host:5000/a:1@${digest}`, 'registry.k8s.io/*', '*']), [
    'docker.io/library/busybox:latest',
    `host:5000/a@${digest}`,
    'registry.k8s.io/*',
    '*',
  ]);
});

t.test('what is no list of names is refused', async (t) => {
  for (const value of ['busybox', [1], {}, ['UPPER case'], ['']]) {
    t.throws(() => parsePinned(value));
  }
});

t.test('an image is pinned by any of its names, and by no name that it has not', async (t) => {
  const pinned = parsePinned(['busybox', 'registry.k8s.io/*']);
  t.ok(isPinned(pinned, ['other:1', 'docker.io/library/busybox:latest']));
  t.ok(isPinned(pinned, [`registry.k8s.io/pause@${digest}`]));
  t.notOk(isPinned(pinned, ['docker.io/library/busybox:1']));
  t.notOk(isPinned(pinned, ['registry.k8s.io.evil.example/pause:1']));
  t.notOk(isPinned(pinned, []));
});
