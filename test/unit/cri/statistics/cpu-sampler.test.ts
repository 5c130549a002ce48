import t from 'tap';
import { CpuSampler } from '../../../../src/cri/statistics/cpu-sampler.ts';
import type { Statistics } from '../../../../src/cri/statistics/statistics.ts';
import { statistics } from './statistics.ts';

function at(atMs: number, usageMicroseconds: number): Statistics {
  const base = statistics();
  return { ...base, atMs, cpu: { ...base.cpu, usageMicroseconds } };
}

t.test('one question is answered from the background readings', (t) => {
  const sampler = new CpuSampler();
  sampler.sample(['/a'], () => ({ atMs: 0, usageMicroseconds: 1000 }));
  sampler.sample(['/a'], () => ({ atMs: 10_000, usageMicroseconds: 5_001_000 }));
  t.equal(sampler.nanoCores('/a', at(12_000, 5_501_000)), 250_000_000, 'half a second in two');
  t.equal(
    sampler.nanoCores('/a', at(10_500, 5_251_000)),
    500_000_000,
    'too close to the last one, so since the one before',
  );
  t.end();
});

t.test('without readings a second apart nothing is claimed', (t) => {
  const sampler = new CpuSampler();
  t.equal(sampler.nanoCores('/a', at(1000, 7)), undefined);
  t.equal(sampler.nanoCores('/a', at(1999, 8)), undefined);
  t.equal(sampler.nanoCores('/a', at(2000, 10)), 3000, 'the first question counts as a reading');
  t.end();
});

t.test('a cgroup that is gone is forgotten, and one that cannot be read is not kept', (t) => {
  const sampler = new CpuSampler();
  sampler.sample(['/a', '/b'], (path) =>
    path === '/a' ? { atMs: 0, usageMicroseconds: 0 } : undefined,
  );
  sampler.sample([], () => {
    throw new Error('nothing to read');
  });
  t.equal(sampler.nanoCores('/a', at(5000, 5000)), undefined);
  t.equal(sampler.nanoCores('/b', at(5000, 5000)), undefined);
  t.end();
});

t.test('a counter that goes back, as that of a cgroup made anew, is no load', (t) => {
  const sampler = new CpuSampler();
  sampler.sample(['/a'], () => ({ atMs: 0, usageMicroseconds: 9_000_000 }));
  t.equal(sampler.nanoCores('/a', at(10_000, 4)), 0);
  t.end();
});
