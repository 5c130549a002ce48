import t from 'tap';
import { bucketFor } from '../../../../cni-plugins/bandwidth/bucket.ts';

t.test('a burst is 20 ms of the rate, and what waits 25 ms', async (t) => {
  const bucket = bucketFor({ rateBits: 100_000_000 }, 1514, 25);
  t.same(bucket, { rateBytes: 12_500_000, burstBytes: 250_000, limitBytes: 312_500 });
});

t.test('a frame always fits, and TCP has a few of them', async (t) => {
  const bucket = bucketFor({ rateBits: 8000, burstBits: 80 }, 1514, 25);
  t.same(bucket, { rateBytes: 1000, burstBytes: 1514, limitBytes: 73_728 });
  t.equal(bucketFor({ rateBits: 8000 }, 65_549, 25).burstBytes, 65_549, 'of 64 KiB as well');
});

t.test('a burst that is given is taken', async (t) => {
  t.equal(bucketFor({ rateBits: 8_000_000, burstBits: 800_000 }, 1514, 25).burstBytes, 100_000);
});

t.test('the greatest rate of Kubernetes stays within 32 bits', async (t) => {
  const bucket = bucketFor({ rateBits: 1e15 }, 1514, 25);
  t.equal(bucket.rateBytes, 1.25e14);
  t.ok(bucket.burstBytes <= 0xffffffff && bucket.limitBytes <= 0xffffffff);
});
