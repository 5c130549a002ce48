import { randomInt, X509Certificate } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { basename, join } from 'node:path';
import { connect } from 'node:tls';
import t from 'tap';
import { findPrograms } from '../api/kubectl.ts';
import { etcdMissing, startEtcd } from '../store/etcd-server.ts';
import { CoordinatorProcess, scratchFolder } from './coordinator-process.ts';

t.setTimeout(300_000);

t.test('the first start makes an authority, keys and a kubeconfig that works', async (t) => {
  await using coordinator = await CoordinatorProcess.start();
  t.equal(mode(join(coordinator.folder, 'root')), 0o700);
  t.equal(mode(coordinator.kubeconfig), 0o600);
  for (const name of ['authority.pem', 'serving.pem', 'service-account.pem', 'store.db']) {
    t.equal(mode(join(coordinator.folder, 'root', name)), 0o600, name);
  }
  for (const kubectl of findPrograms()) {
    const { stdout, stderr } = await coordinator.kubectl(kubectl, 'get', 'ns', '-o', 'name');
    t.match(stdout, /namespace\/default\n/, `${basename(kubectl)}: ${stderr}`);
  }
  t.equal(await coordinator.stop(), 0, 'SIGTERM ends it in order');
});

t.test('it goes on when whoever wanted to hear of its start is gone', async (t) => {
  process.env['NOTIFY_SOCKET'] = join(t.testdir({}), 'nobody.sock');
  t.teardown(() => delete process.env['NOTIFY_SOCKET']);
  await using coordinator = await CoordinatorProcess.start();
  delete process.env['NOTIFY_SOCKET'];
  t.equal((await coordinator.asAdmin('GET /api/v1/namespaces')).status, 200);
  t.equal(await coordinator.stop(), 0);
});

function mode(path: string): number {
  return statSync(path).mode & 0o777;
}

t.test('its certificate has the names that clients use, and TLS is 1.2 or later', async (t) => {
  await using coordinator = await CoordinatorProcess.start(['--names', 'keelson.example,10.1.2.3']);
  const port = Number(new URL(coordinator.url).port);
  const socket = connect({ port, host: '127.0.0.1', ca: coordinator.authority });
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve).once('error', reject);
  });
  t.equal(socket.authorized, true);
  const certificate = socket.getPeerX509Certificate();
  for (const name of ['localhost', 'kubernetes.default.svc', 'keelson.example']) {
    t.equal(certificate?.checkHost(name), name);
  }
  for (const address of ['127.0.0.1', '10.1.2.3', '10.96.0.1', '::1']) {
    t.equal(certificate?.checkIP(address), address);
  }
  socket.destroy();
  const old = connect({
    port,
    host: '127.0.0.1',
    ca: coordinator.authority,
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  const refused = await new Promise<boolean>((resolve) => {
    old.once('secureConnect', () => resolve(false)).once('error', () => resolve(true));
  });
  old.destroy();
  t.equal(refused, true, 'TLS 1.1 is refused');
});

t.test('a later start keeps authority, keys and state', async (t) => {
  const folder = scratchFolder();
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const first = await CoordinatorProcess.start([], folder);
  const keys = (await first.asAdmin('GET /openid/v1/jwks')).text;
  const body = '{"metadata":{"name":"blue"}}';
  t.equal((await first.asAdmin('POST /api/v1/namespaces', body)).status, 201);
  await first.stop();
  await using second = await CoordinatorProcess.start([], folder);
  t.equal(second.authority, first.authority);
  t.equal((await second.asAdmin('GET /openid/v1/jwks')).text, keys);
  t.equal((await second.asAdmin('GET /api/v1/namespaces/blue')).status, 200);
  const again = new CoordinatorProcess(folder);
  await t.rejects(again.ready(), /runs already/, 'a second one on the folder is refused');
});

t.test('a first start that is killed anywhere leaves what the next one starts from', async (t) => {
  const folder = scratchFolder();
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (let attempt = 0; attempt < 6; attempt += 1) {
    const victim = new CoordinatorProcess(folder);
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, randomInt(150, 800));
    await promise;
    await victim.stop('SIGKILL');
    if (attempt === 2) rmSync(join(folder, 'root'), { recursive: true, force: true });
  }
  await using last = await CoordinatorProcess.start([], folder);
  t.equal((await last.asAdmin('GET /api/v1/namespaces/default')).status, 200);
});

t.test('certificates are renewed while it runs, and connections stay', async (t) => {
  await using coordinator = await CoordinatorProcess.start(['--certificate-lifetime', '6s']);
  const port = Number(new URL(coordinator.url).port);
  const { authority: ca } = coordinator;
  const seen = () =>
    new Promise<X509Certificate>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', ca });
      socket.once('error', reject).once('secureConnect', () => {
        const shown = socket.getPeerX509Certificate();
        socket.destroy();
        if (shown === undefined) reject(new Error('no certificate'));
        else resolve(shown);
      });
    });
  const first = await seen();
  const held = connect({ port, host: '127.0.0.1', ca });
  let heard = '';
  held.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  held.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
  const deadline = Date.now() + 60_000;
  let now = first;
  while (now.serialNumber === first.serialNumber && Date.now() < deadline) {
    // Where the machine is slow, the old one may be over for a moment.
    now = await seen().catch(() => now);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  t.not(now.serialNumber, first.serialNumber, 'a new connection sees another certificate');
  heard = '';
  held.write('GET /version HTTP/1.1\r\nHost: x\r\n\r\n');
  while (!heard.includes('gitVersion') && Date.now() < deadline && !held.destroyed) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  t.match(heard, 'gitVersion', 'a connection from before goes on');
  held.destroy();
});

t.test('what does not speak TLS is dropped', async (t) => {
  await using coordinator = await CoordinatorProcess.start();
  const socket = connectPlain(Number(new URL(coordinator.url).port), '127.0.0.1');
  socket.write('GET /api HTTP/1.1\r\nHost: x\r\n\r\n');
  let text = '';
  socket.on('data', (part) => {
    text += part.toString();
  });
  await new Promise((resolve) => socket.once('close', resolve).once('error', () => undefined));
  t.notMatch(text, /200 OK/);
});

t.test('pods find the server by the service kubernetes', async (t) => {
  await using coordinator = await CoordinatorProcess.start(['--advertise-address', '10.20.30.40']);
  const port = Number(new URL(coordinator.url).port);
  const get = async (path: string) => JSON.parse((await coordinator.asAdmin(`GET ${path}`)).text);
  const own = 'namespaces/default';
  t.match(await get(`/api/v1/${own}/services/kubernetes`), {
    spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, targetPort: port }] },
  });
  t.match(await get(`/api/v1/${own}/endpoints/kubernetes`), {
    subsets: [{ addresses: [{ ip: '10.20.30.40' }], ports: [{ port }] }],
  });
  t.match(await get(`/apis/discovery.k8s.io/v1/${own}/endpointslices/kubernetes`), {
    endpoints: [{ addresses: ['10.20.30.40'] }],
  });
});

t.test('the same on etcd, after which another one goes on', { skip: etcdMissing }, async (t) => {
  await using etcd = await startEtcd();
  const store = ['--store', etcd.endpoint.replace('http:', 'etcd:')];
  await using first = await CoordinatorProcess.start(store);
  const body = '{"metadata":{"name":"blue"}}';
  t.equal((await first.asAdmin('POST /api/v1/namespaces', body)).status, 201);
  t.equal(await first.stop(), 0);
  await using second = await CoordinatorProcess.start(store);
  t.equal((await second.asAdmin('GET /api/v1/namespaces/blue')).status, 200);
});
