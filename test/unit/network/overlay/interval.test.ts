import t from 'tap';
import { Intervals } from '../../../../src/network/overlay/interval.ts';

t.test('what overlaps is refused with the name of what it overlaps', async (t) => {
  const all = new Intervals<string>();
  t.equal(all.add('10.0.1.0/24', 'one'), undefined);
  t.equal(all.add('10.0.3.0/24', 'three'), undefined);
  t.equal(all.add('10.0.2.0/24', 'two'), undefined, 'neighbours do not overlap');
  t.same(all.add('10.0.2.7', 'host'), { taken: 'two' });
  t.same(all.add('10.0.0.0/16', 'all'), { taken: 'one' });
  t.equal(all.add('10.0.4.0/32', 'four'), undefined);
});

t.test('families do not meet', async (t) => {
  const all = new Intervals<string>();
  t.equal(all.add('0.0.0.0/0', 'four'), undefined);
  t.equal(all.add('::/0', 'six'), undefined);
  t.equal(all.find('255.255.255.255'), 'four');
  t.equal(all.find('::'), 'six');
  t.equal(all.find('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), 'six');
});

t.test('the answer is that of comparing with each', async (t) => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const all = new Intervals<number>();
  const accepted: { from: number; to: number }[] = [];
  for (let round = 0; round < 2000; round++) {
    const length = 24 + random(9);
    const size = 2 ** (32 - length);
    const from = Math.floor(random(65_536) / size) * size;
    const to = from + size - 1;
    const clash = accepted.some((one) => one.from <= to && from <= one.to);
    const added = all.add(`10.0.${from >> 8}.${from & 255}/${length}`, round) === undefined;
    if (added === clash) t.fail(`${from} to ${to}`);
    if (added) accepted.push({ from, to });
  }
  t.ok(accepted.length > 100);
});
