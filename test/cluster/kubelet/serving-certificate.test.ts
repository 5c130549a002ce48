import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { HttpClient } from '../../../src/api/client/http-client.ts';
import { resources } from '../../../src/api/client/resources.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { openLog } from '../../../src/base/log.ts';
import { readKubeletConfiguration } from '../../../src/kubelet/config/kubelet-configuration.ts';
import { ServingCertificate } from '../../../src/kubelet/serve/serving-certificate.ts';
import { FakeKubelet } from '../apiserver/fake-kubelet.ts';
import { SharedCoordinator } from '../security/shared-coordinator.ts';
import { joinNode } from './join-node.ts';
import { succeeds } from './succeeds.ts';

t.setTimeout(300_000);

const shared = await SharedCoordinator.start();
t.teardown(() => shared[Symbol.asyncDispose]());
const { process: coordinator } = shared;
const log = openLog('test');
log.level = 'silent';
const { configuration } = readKubeletConfiguration(
  JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    serverTLSBootstrap: true,
  }),
);
const logPath = 'GET /api/v1/namespaces/default/pods/web/log';

t.test('a node that joins serves by a certificate of the cluster, and is believed', async (t) => {
  using credentials = await joinNode(shared, 'host01', log);
  await using client = new HttpClient(credentials.address, 'kubelet');
  const folder = join(coordinator.folder, 'serving');
  const options = { configuration, client, clock: systemClock, log, folder, name: 'host01' };
  const { authority } = coordinator;
  const opened = { ...options, authority, addresses: () => ['127.0.0.1'] };
  using serving = await ServingCertificate.open(opened);
  const own = serving.credential;
  t.notOk(isOfCluster(own.certificate), 'until then it shows what it has signed itself');
  const { certificate: cert, key } = own;
  const server = createServer({ cert, key }, (_, response) => void response.end('a line\n'));
  t.teardown(() => server.close().closeAllConnections());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  serving.onRenewal(({ certificate, key: newKey }) => {
    server.setSecureContext({ cert: certificate, key: newKey });
  });
  // The request was made before the node has said where it is.
  await client.create(resources.nodes, {
    metadata: { name: 'host01' },
    spec: {},
    status: {
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: 'host01' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    },
  });
  await succeeds(() =>
    shared.make('/api/v1/namespaces/default/pods', {
      metadata: { name: 'web' },
      spec: { nodeName: 'host01', containers: [{ name: 'main', image: 'x' }] },
    }),
  );
  await succeeds(async () => {
    const { status, text } = await coordinator.asAdmin(logPath);
    if (status !== 200) throw new Error(text);
    t.equal(text, 'a line\n');
  });
  t.ok(isOfCluster(serving.credential.certificate));
  using again = await ServingCertificate.open(opened);
  t.equal(again.credential.certificate, serving.credential.certificate, 'it is kept');
  const others = { ...opened, authority: own.certificate, client: undefined };
  using moved = await ServingCertificate.open(others);
  t.equal(moved.credential.certificate, own.certificate, 'one of another cluster is not shown');
});

t.test('a kubelet with a certificate of its own is refused, unless any will do', async (t) => {
  await using lenient = await SharedCoordinator.start(['--kubelet-certificates', 'any']);
  await using kubelet = await FakeKubelet.start('/CN=host02', 'IP:127.0.0.1');
  const answers = await Promise.all(
    [shared, lenient].map(async (cluster) => {
      const node = { ...kubelet.node, metadata: { name: 'host02' } };
      await cluster.make('/api/v1/nodes', node);
      const spec = { nodeName: 'host02', containers: [{ name: 'main', image: 'x' }] };
      await succeeds(() =>
        cluster.make('/api/v1/namespaces/default/pods', { metadata: { name: 'own' }, spec }),
      );
      return await cluster.process.asAdmin(logPath.replace('web', 'own'));
    }),
  );
  t.match(answers[0]?.text, /x509: certificate signed by unknown authority/);
  t.match(answers[1]?.text, 'first line\nlast line\n');
});

function isOfCluster(certificate: string): boolean {
  const { publicKey } = new X509Certificate(coordinator.authority);
  return new X509Certificate(certificate).verify(publicKey);
}
