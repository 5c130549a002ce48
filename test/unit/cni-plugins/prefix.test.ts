import t from 'tap';
import {
  broadcastOf,
  canonical,
  firstOf,
  holds,
  isSame,
  networkOf,
} from '../../../cni-plugins/prefix.ts';

t.test('networks, first addresses and broadcasts', async (t) => {
  t.equal(networkOf('10.1.2.3/16'), '10.1.0.0/16');
  t.equal(networkOf('10.1.2.203/25'), '10.1.2.128/25');
  t.equal(networkOf('10.1.2.3/0'), '0.0.0.0/0');
  t.equal(networkOf('fd00:1:2:3::4/62'), 'fd00:1:2::/62');
  t.equal(firstOf('10.1.2.3/16'), '10.1.0.1');
  t.equal(firstOf('10.1.0.255/32'), '10.1.1.0', 'carries over a byte');
  t.equal(firstOf('fd00::5/64'), 'fd00::1');
  t.equal(broadcastOf('10.1.2.3/20'), '10.1.15.255');
  t.equal(broadcastOf('10.1.2.3/30'), '10.1.2.3');
  t.equal(broadcastOf('10.1.2.3/31'), undefined);
  t.equal(broadcastOf('fd00::5/64'), undefined);
});

t.test('what a network holds', async (t) => {
  t.ok(holds('10.1.0.0/16', '10.1.255.1'));
  t.ok(holds('10.1.0.0/16', '10.1.255.1/24'));
  t.notOk(holds('10.1.0.0/16', '10.2.0.1'));
  t.notOk(holds('::/0', '10.2.0.1'), 'another family');
});

t.test('two texts of one address', async (t) => {
  t.ok(isSame('fd00:0:0::1/64', 'fd00::1/64'));
  t.notOk(isSame('fd00::1/64', 'fd00::1/65'));
  t.equal(canonical('FD00::0:1'), 'fd00::1');
});
