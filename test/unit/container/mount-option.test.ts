import t from 'tap';
import { parseMountOptions } from '../../../src/container/mount-option.ts';
import { mountAttribute as a, propagationFlag as p } from '../../../src/kernel/flag.ts';

t.test('words of fstab become attributes, the rest is for the file system', async (t) => {
  const options = parseMountOptions([
    'nosuid',
    'noexec',
    'ro',
    'mode=755',
    'size=64m',
    'newinstance',
  ]);
  t.equal(options.set, a.nosuid | a.noexec | a.readonly);
  t.same(options.data, [
    ['mode', '755'],
    ['size', '64m'],
    ['newinstance', undefined],
  ]);
});

t.test('of two that contradict each other the later holds', async (t) => {
  t.match(parseMountOptions(['ro', 'rw']), { set: 0, clear: a.readonly });
  t.match(parseMountOptions(['rw', 'ro']), { set: a.readonly, clear: 0 });
});

t.test('an access time mode clears the others: they share bits', async (t) => {
  t.match(parseMountOptions(['noatime']), { set: a.noatime, clear: a.atimeMask });
  t.match(parseMountOptions(['noatime', 'strictatime']), { set: a.strictatime });
});

t.test('an r in front means everything mounted below', async (t) => {
  const options = parseMountOptions(['rbind', 'rro', 'rnosuid', 'rslave']);
  t.match(options, {
    bind: true,
    recursive: true,
    set: 0,
    recursiveSet: a.readonly | a.nosuid,
    propagation: 0,
    recursivePropagation: p.slave,
  });
  t.match(parseMountOptions(['bind', 'shared']), { recursive: false, propagation: p.shared });
  t.match(parseMountOptions(['relatime', 'rw']), { data: [] }, 'not the words that begin with r');
});
