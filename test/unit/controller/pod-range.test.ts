import t from 'tap';
import { podRangesOf } from '../../../src/controller/node/pod-range.ts';

function cut(text: string): string[] {
  return podRangesOf(text).map(
    ({ cluster, nodeBits, count }) => `${cluster.toString()}: ${count} /${nodeBits}`,
  );
}

t.test('a node has its usual range where the cluster has room for it', (t) => {
  t.same(cut('10.244.0.0/16'), ['10.244.0.0/16: 256 /24']);
  t.same(cut('10.244.0.0/16,fd44::/48'), ['10.244.0.0/16: 256 /24', 'fd44::/48: 65536 /64']);
  t.same(cut('fd00::/8,10.0.0.0/8'), ['fd00::/8: 65536 /64', '10.0.0.0/8: 65536 /24']);
  t.end();
});

t.test('a small one is cut into smaller ranges', (t) => {
  t.same(cut('10.244.0.0/24'), ['10.244.0.0/24: 16 /28']);
  t.same(cut('fd44::/64'), ['fd44::/64: 16 /68']);
  for (const text of ['10.244.0.0/27', 'fd44::/121', '10.244.0.0', 'pods']) {
    t.throws(() => podRangesOf(text), { name: 'DomainError' }, text);
  }
  t.end();
});
