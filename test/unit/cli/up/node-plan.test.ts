import t from 'tap';
import type { ClusterNetwork } from '../../../../src/api/cluster-network.ts';
import { nodeFilesIn } from '../../../../src/cli/up/node-files.ts';
import { type NodePlan, partsOf } from '../../../../src/cli/up/node-plan.ts';

const usual: ClusterNetwork = {
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  clusterDns: ['10.96.0.10'],
};
const plan: NodePlan = {
  nodeName: 'host01',
  nodeAddress: '192.168.61.11,fd61::11',
  network: usual,
  mode: 'vxlan',
  first: true,
  config: undefined,
  state: '/run/keelson',
  socket: '/run/keelson/cri.sock',
  coordinatorRoot: '/var/lib/keelson/coordinator',
  warnOfLimits: false,
  ingress: true,
  files: nodeFilesIn('/etc/keelson'),
};

t.test('each part is told its share of the addresses', (t) => {
  const { coordinator, kubelet, network } = partsOf(plan);
  t.ok(coordinator?.flags.includes('--advertise-address=192.168.61.11'), 'one is published');
  t.ok(kubelet.flags.includes('--node-ip=192.168.61.11,fd61::11'), 'the node has both');
  t.notOk(
    network.flags.some((flag) => flag.startsWith('--service-cidr')),
    'what is usual may be changed by the configuration',
  );
  t.end();
});

t.test('a cluster of other ranges has other addresses for names', (t) => {
  const other = { podCidr: '10.1.0.0/16,fd01::/48', serviceCidr: '10.2.0.0/16,fd02::/108' };
  const clusterDns = ['10.2.0.10', 'fd02::a'];
  const { coordinator, network, node } = partsOf({ ...plan, network: { ...other, clusterDns } });
  t.ok(coordinator?.flags.includes(`--pod-cidr=${other.podCidr}`));
  t.ok(coordinator?.flags.includes(`--service-cidr=${other.serviceCidr}`));
  for (const { name, flags } of [network, node]) {
    t.ok(flags.includes(`--service-cidr=${other.serviceCidr}`), name);
    t.ok(flags.includes('--cluster-dns=10.2.0.10,fd02::a'), name);
  }
  t.end();
});
