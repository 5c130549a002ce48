import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { classResources } from '../../../src/kubelet/pod/class-resources.ts';

const share = { milliCpu: 2000, memoryBytes: 1 << 30 };

function pod(requests: Record<string, string>, limits: Record<string, string> = {}): Pod {
  const containers = [{ name: 'main', image: 'busybox', resources: { requests, limits } }];
  return { metadata: { name: 'web' }, spec: { containers } };
}

t.test('a node without pods gives all to whoever comes', async (t) => {
  t.same(
    [...classResources([], share)],
    [
      ['Guaranteed', { cpu: { shares: 2048 }, memory: { limit: 1 << 30 } }],
      ['Burstable', { cpu: { shares: 2 } }],
      ['BestEffort', { cpu: { shares: 2 } }],
    ],
  );
});

t.test('burstable pods weigh what they request together, the others nothing there', async (t) => {
  const fixed = { cpu: '500m', memory: '64Mi' };
  const pods = [pod({ cpu: '250m' }), pod({ cpu: '750m' }), pod({}), pod(fixed, fixed)];
  const given = classResources(pods, share);
  t.same(given.get('Burstable'), { cpu: { shares: 1024 } });
  t.same(given.get('BestEffort'), { cpu: { shares: 2 } });
});
