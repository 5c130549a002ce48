/** What the coordinator says of the cluster's addresses, and to whom. */
import t from 'tap';
import { askForNetwork } from '../../../src/cli/up/ask-cluster.ts';
import { secretsPath, token, tokenSecret } from '../kubelet/join-node.ts';
import { CoordinatorProcess } from './coordinator-process.ts';

t.setTimeout(300_000);

const podCidr = '10.1.0.0/16,fd01::/48';
const serviceCidr = '10.2.0.0/16,fd02::/108';
t.test('a machine that joins is told of the addresses, others are not', async (t) => {
  await using coordinator = await CoordinatorProcess.start([
    `--pod-cidr=${podCidr}`,
    `--service-cidr=${serviceCidr}`,
    '--advertise-address=10.20.30.40',
  ]);
  const made = await coordinator.asAdmin(`POST ${secretsPath}`, JSON.stringify(tokenSecret));
  t.equal(made.status, 201);
  const { url: server, authority } = coordinator;
  t.same(await askForNetwork({ server, authority, token }), {
    podCidr,
    serviceCidr,
    clusterDns: ['10.2.0.10', 'fd02::a'],
  });
  const wrong = { server, authority, token: token.replace('0', '1') };
  await t.rejects(askForNetwork(wrong), /does not take this token/);
  const path = 'GET /keelson/network';
  t.match((await coordinator.request(path)).status, 401, 'nobody');
  const { certificate: cert, key } = coordinator;
  const headers = { 'Impersonate-User': 'jane' };
  t.equal((await coordinator.request(path, { cert, key, headers })).status, 403, 'anybody else');

  const get = async (name: string) => {
    const { text } = await coordinator.asAdmin(`GET /api/v1/namespaces/${name}`);
    return JSON.parse(text) as unknown;
  };
  t.match(await get('default/services/kubernetes'), { spec: { clusterIPs: ['10.2.0.1'] } });
  const clusterIPs = ['10.2.0.10', 'fd02::a'];
  t.match(await get('kube-system/services/kube-dns'), { spec: { clusterIPs } });
});

t.test('ranges that cannot be are refused at the start', async (t) => {
  for (const flag of [
    '--service-cidr=10.2.0.0/16,10.3.0.0/16',
    '--service-cidr=10.2.0.0/30',
    '--pod-cidr=10.1.0.0/31',
    '--pod-cidr=pods',
  ]) {
    await t.rejects(CoordinatorProcess.start([flag]), flag);
  }
});
