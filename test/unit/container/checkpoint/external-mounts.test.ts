import t from 'tap';
import { externalMounts } from '../../../../src/container/checkpoint/external-mounts.ts';
import { parseMountinfo } from '../../../../src/kernel/mountinfo.ts';

const spec = {
  ociVersion: '1.3.0',
  mounts: [
    { destination: '/proc', type: 'proc' },
    { destination: '/dev', type: 'tmpfs' },
    { destination: '/volume/', source: '/data', type: 'bind', options: ['rbind'] },
    { destination: '/volume/cache', type: 'tmpfs' },
    { destination: '/image', type: 'overlay' },
    { destination: '/option', source: '/data', options: ['bind'] },
  ],
};

function mounts(...lines: readonly string[]) {
  const text = lines.map((line, i) => {
    const [path = '', type = '', root = '/'] = line.split(' ');
    return `${i + 2} 1 0:${i} ${root} ${path} rw - ${type} source rw\n`;
  });
  return parseMountinfo(text.join(''));
}

t.test(
  'what is bound in from outside is told apart from what a container has of its own',
  async (t) => {
    const found = externalMounts(
      mounts(
        '/ overlay',
        '/proc proc',
        '/proc/sys proc /sys',
        '/proc/acpi tmpfs',
        '/proc/keys devtmpfs /null',
        '/dev tmpfs',
        '/dev/pts devpts',
        '/dev/mqueue mqueue',
        '/sys sysfs',
        '/sys/fs/cgroup cgroup2 /pod/one',
        '/volume ext4 /data',
        '/volume/below tmpfs',
        '/volume/cache tmpfs',
        '/image overlay',
        '/option ext4 /data',
      ),
      spec,
    );
    t.strictSame(found, [
      { path: '/proc/keys', kind: 'null' },
      { path: '/sys/fs/cgroup', kind: 'cgroup' },
      { path: '/volume', kind: 'spec' },
      { path: '/volume/below', kind: 'spec' },
      { path: '/image', kind: 'spec' },
      { path: '/option', kind: 'spec' },
    ]);
  },
);

t.test('a mount that nothing explains is refused: nobody could bring it again', async (t) => {
  const odd = mounts('/ overlay', '/surprise ext4 /etc');
  t.throws(() => externalMounts(odd, spec), {
    kind: 'unsupported',
    message: /"\/surprise" \(ext4\)/,
  });
});
