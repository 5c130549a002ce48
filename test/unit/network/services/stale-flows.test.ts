import t from 'tap';
import { planService } from '../../../../src/network/services/plan-service.ts';
import { destinationsOf } from '../../../../src/network/services/stale-flows.ts';
import { node, service, slice } from './objects.ts';

const ports = [{ port: 53, protocol: 'UDP', nodePort: 30_053 }];
const udp = { ports: [{ name: '', protocol: 'UDP', port: 5353 }] };

t.test('every frontend over UDP leads to the endpoints of its group', async (t) => {
  const spec = { type: 'NodePort', ports, internalTrafficPolicy: 'Local' };
  const here = { addresses: ['10.244.0.2'], nodeName: 'host01' };
  const plan = planService(service(spec), [slice(['10.244.1.2', here], udp)], node);
  const found = [...destinationsOf([plan])].map(([frontend, to]) => [frontend, [...to]]);
  t.same(found, [
    ['10.96.0.1 53', ['10.244.0.2 5353']],
    ['192.168.1.1 30053', ['10.244.0.2 5353', '10.244.1.2 5353']],
  ]);
});

t.test('one without endpoints leads nowhere; TCP is none of it', async (t) => {
  const empty = planService(service({ ports }), [], node);
  t.same([...destinationsOf([empty])], [['10.96.0.1 53', new Set()]]);
  const tcp = planService(service(), [slice(['10.244.1.2'])], node);
  t.equal(destinationsOf([tcp]).size, 0);
});
