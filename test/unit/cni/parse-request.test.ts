import t from 'tap';
import { parseRequest } from '../../../src/cni/parse-request.ts';
import type { CniPlugin } from '../../../src/cni/plugin.ts';
import { specVersions } from '../../../src/cni/spec-version.ts';

const nothing = () => Promise.resolve();
const plugin = {
  type: 'test',
  specVersions,
  add: () => Promise.reject(new Error('not called')),
  delete: nothing,
  check: nothing,
  status: nothing,
  collectGarbage: nothing,
} as CniPlugin;

function runtimeConfigOf(runtimeConfig: object): unknown {
  const environment = {
    CNI_COMMAND: 'STATUS',
    CNI_PATH: '/opt/cni/bin',
  };
  const input = { cniVersion: '1.1.0', name: 'net', type: 'test', runtimeConfig };
  return parseRequest(plugin, { environment, input, invoke: () => nothing as never }).runtimeConfig;
}

t.test("the fields of capabilities may be named as containerd's library names them", async (t) => {
  t.match(
    runtimeConfigOf({
      portMappings: [{ HostPort: 80, ContainerPort: 8080, Protocol: 'tcp', HostIP: '' }],
      bandwidth: { IngressRate: 1, IngressBurst: 2, EgressRate: 3, EgressBurst: 4 },
      ipRanges: [[{ Subnet: '10.0.0.0/8', RangeStart: '10.0.0.2', Gateway: '10.0.0.1' }]],
      dns: { Servers: ['10.0.0.10'], Searches: ['a'], Options: ['b'] },
      mac: '00:11:22:33:44:55',
    }),
    {
      portMappings: [{ hostPort: 80, containerPort: 8080, protocol: 'tcp', hostIP: '' }],
      bandwidth: { ingressRate: 1, ingressBurst: 2, egressRate: 3, egressBurst: 4 },
      ipRanges: [[{ subnet: '10.0.0.0/8', rangeStart: '10.0.0.2', gateway: '10.0.0.1' }]],
      dns: { servers: ['10.0.0.10'], searches: ['a'], options: ['b'] },
      mac: '00:11:22:33:44:55',
    },
  );
});

t.test('a name of the specification wins, and capabilities keep theirs', async (t) => {
  const given = { bandwidth: { ingressRate: 5, IngressRate: 6 }, Mac: 'x' };
  t.match(runtimeConfigOf(given), { bandwidth: { ingressRate: 5 }, Mac: 'x', mac: undefined });
  const deep = { a: [[[[{ B: { C: 1 } }]]]] };
  t.same(runtimeConfigOf(deep), deep, 'nothing is that deep');
});
