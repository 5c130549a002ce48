import { readFileSync } from 'node:fs';
import t from 'tap';
import { isKernelError } from '../../../src/base/error.ts';
import { openNamespace } from '../../../src/kernel/namespace.ts';
import { readSysctls, tryWriteSysctls, writeSysctls } from '../../../src/kernel/sysctl.ts';
import { skip, TestNamespace } from '../netlink/namespace.ts';

const forward = 'net/ipv4/ip_forward';

t.test('settings of a namespace are written and read there alone', { skip }, async (t) => {
  using space = new TestNamespace();
  using network = openNamespace(space.path, 'net');
  const before = readFileSync(`/proc/sys/${forward}`, 'utf8').trim();
  const other = before === '0' ? '1' : '0';
  await writeSysctls([{ name: forward, value: other }], network);
  t.same(await readSysctls([forward, 'net/ipv4/absent'], network), [other, undefined]);
  t.equal(space.exec('cat', `/proc/sys/${forward}`).trim(), other);
  t.same(await readSysctls([forward]), [before], 'ours is as it was');
});

t.test('all are tried, and the first failure is told by its name', { skip }, async (t) => {
  using space = new TestNamespace();
  using network = openNamespace(space.path, 'net');
  const settings = [
    { name: 'net/ipv4/absent', value: '1' },
    { name: 'net/ipv4/conf/lo/arp_notify', value: '1' },
  ];
  await t.rejects(writeSysctls(settings, network), { code: 'ENOENT', path: 'net/ipv4/absent' });
  t.same(await readSysctls(['net/ipv4/conf/lo/arp_notify'], network), ['1']);
  t.equal((await tryWriteSysctls(settings, network)).length, 1);
});

t.test('a name cannot lead out of /proc/sys', { skip }, async (t) => {
  for (const name of ['../version', '/etc/hostname', 'net/../../self/comm', 'net\0/x', '']) {
    const refused = await readSysctls([name]).then(
      ([value]) => value === undefined,
      (error: unknown) => isKernelError(error),
    );
    t.ok(refused, JSON.stringify(name));
  }
});
