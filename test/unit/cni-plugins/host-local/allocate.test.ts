import t from 'tap';
import {
  allocateNext,
  allocateRequested,
  type Pool,
} from '../../../../cni-plugins/host-local/allocate.ts';
import { numberOf } from '../../../../cni-plugins/host-local/number.ts';
import { parseRangeSet } from '../../../../cni-plugins/host-local/range.ts';

function poolOf(options: { taken?: string[]; resting?: string[]; last?: string } = {}) {
  const taken = new Set(options.taken);
  const pool: Pool = {
    reserve(address) {
      if (taken.has(address)) return false;
      taken.add(address);
      return true;
    },
    rests: (address) => options.resting?.includes(address) ?? false,
    taken: () => taken,
    last: options.last,
  };
  return pool;
}

const small = parseRangeSet([{ subnet: '10.0.0.0/29' }]);

const ask = (address: string, pool: Pool) => allocateRequested(small, numberOf(address), pool);

t.test('addresses go round robin, past the gateway, and begin again', async (t) => {
  t.equal(allocateNext(small, poolOf()).address, '10.0.0.2');
  t.equal(allocateNext(small, poolOf({ last: '10.0.0.4' })).address, '10.0.0.5');
  t.equal(allocateNext(small, poolOf({ last: '10.0.0.6' })).address, '10.0.0.2');
});

t.test('every address is given once, then the set is full', async (t) => {
  const pool = poolOf({ last: '10.0.0.4' });
  const given = Array.from({ length: 5 }, () => allocateNext(small, pool).address);
  t.same(given.toSorted(), ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  t.throws(() => allocateNext(small, pool), /no IP addresses available in range set: 10\.0\.0\.1-/);
});

t.test('an address that rests is taken only when no other is free', async (t) => {
  const pool = poolOf({ last: '10.0.0.4', resting: ['10.0.0.5', '10.0.0.6'] });
  t.equal(allocateNext(small, pool).address, '10.0.0.2');
  const nearlyFull = poolOf({
    taken: ['10.0.0.2', '10.0.0.3', '10.0.0.4'],
    resting: ['10.0.0.5'],
    last: '10.0.0.4',
  });
  t.equal(allocateNext(small, nearlyFull).address, '10.0.0.6');
  t.equal(allocateNext(small, nearlyFull).address, '10.0.0.5');
});

t.test('a set goes on in its next range and comes back', async (t) => {
  const set = parseRangeSet([{ subnet: '10.0.0.0/30' }, { subnet: '10.0.1.0/30' }]);
  const pool = poolOf();
  t.same(
    [1, 2].map(() => allocateNext(set, pool).address),
    ['10.0.0.2', '10.0.1.2'],
  );
  t.throws(() => allocateNext(set, pool));
  t.equal(allocateNext(set, poolOf({ last: '10.0.1.2' })).address, '10.0.0.2');
});

t.test('a last address from outside the set begins at its first range', async (t) => {
  t.equal(allocateNext(small, poolOf({ last: '192.168.0.1' })).address, '10.0.0.2');
});

t.test('an address asked for is given, unless it is the gateway, taken or outside', async (t) => {
  t.equal(ask('10.0.0.5', poolOf()).address, '10.0.0.5');
  t.throws(() => ask('10.0.0.1', poolOf()), /subnet's gateway/);
  t.throws(() => ask('10.0.0.5', poolOf({ taken: ['10.0.0.5'] })), /not available in range set/);
  t.throws(() => ask('10.9.0.5', poolOf()), /not available in range set/);
});
