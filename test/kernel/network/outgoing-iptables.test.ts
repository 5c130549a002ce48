import { spawnSync } from 'node:child_process';
import t from 'tap';
import { skip, TestNamespace } from '../netlink/namespace.ts';

const script = new URL('masquerade-here.ts', import.meta.url).pathname;

function without(): string | false {
  if (skip !== false) return skip;
  using host = new TestNamespace();
  const args = ['netns', 'exec', host.name, 'iptables-legacy', '-t', 'nat', '-S'];
  const { status } = spawnSync('ip', args);
  return status === 0 ? false : 'needs iptables-legacy and the kernel for it';
}

t.test('iptables hides pods once, however often it is told to', { skip: without() }, async (t) => {
  using host = new TestNamespace();
  const run = (what: string) =>
    host.exec(process.execPath, '--disable-warning=ExperimentalWarning', script, what);
  const rules = (program: string) => host.exec(program, '-t', 'nat', '-S');
  const before = rules('iptables-legacy');
  run('add');
  run('add');
  t.same(rules('iptables-legacy').split('\n').slice(4), [
    '-N KEELSON-OUTGOING',
    '-A POSTROUTING -j KEELSON-OUTGOING',
    '-A KEELSON-OUTGOING -d 10.244.1.0/24 -j RETURN',
    '-A KEELSON-OUTGOING -d 10.244.2.0/24 -j RETURN',
    '-A KEELSON-OUTGOING -d 224.0.0.0/4 -j RETURN',
    '-A KEELSON-OUTGOING -s 10.244.1.0/24 -j MASQUERADE',
    '',
  ]);
  t.match(rules('ip6tables-legacy'), '-s fd44:0:0:1::/64 -j MASQUERADE');
  run('undo');
  t.equal(rules('iptables-legacy'), before);
  t.notMatch(rules('ip6tables-legacy'), 'KEELSON');
  run('undo');
});
