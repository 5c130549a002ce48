import t from 'tap';
import { parseConditions } from '../../../../cni-plugins/portmap/condition.ts';

const statements = (words: string[], family: 4 | 6 = 4) =>
  parseConditions(words, family)?.statements.flat();

const name = (...words: string[]) => parseConditions(words, 4)?.name;

t.test('both programs say the same', async (t) => {
  const pairs = [
    ['-d 192.0.2.0/24', 'ip daddr 192.0.2.0/24'],
    ['! -s 192.0.2.7', 'ip saddr != 192.0.2.7'],
    ['-i eth0', 'iifname "eth0"'],
    ['-i eth+', 'iifname "eth*"'],
    ['-p tcp --dport 80', 'tcp dport 80'],
    ['-m mark --mark 0x1/0x3', 'meta mark 0x1/0x3'],
  ] as const;
  for (const [iptables, nft] of pairs) {
    t.same(statements(iptables.split(' ')), statements([nft]), nft);
    t.ok(statements([nft])?.length, nft);
  }
});

t.test('no words are no conditions', async (t) => {
  t.equal(parseConditions([], 4), undefined);
  t.equal(parseConditions([''], 6), undefined);
});

t.test('what is not understood is refused, for it may close something', async (t) => {
  const bad = [
    ['-m', 'owner'],
    ['-d'],
    ['-d', '192.0.2.0/33'],
    ['-d', 'fd00::1'],
    ['!', '-p', 'tcp'],
    ['ip', 'daddr', '@set'],
    ['ip6', 'daddr', 'fd00::1'],
    ['tcp', 'dport', '80-90'],
    ['ip daddr 10.0.0.1 accept'],
    ['meta', 'mark', '0x1ffffffff'],
    ['-j', 'ACCEPT'],
  ];
  for (const words of bad) t.throws(() => statements(words), { code: 2 }, words.join(' '));
});

t.test('equal words have equal names', async (t) => {
  t.equal(name('-d', '10.0.0.1'), name('-d', '10.0.0.1'));
  t.not(name('-d', '10.0.0.1'), name('-d', '10.0.0.2'));
});
