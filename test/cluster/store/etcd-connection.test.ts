/** etcd over TLS, with several endpoints, and its sessions. */
import { join } from 'node:path';
import t from 'tap';
import { openEtcdStore } from '../../../src/store/open.ts';
import {
  bytes,
  openedFor,
  refusal,
  sleep,
  temporaryFolder,
  text,
} from '../../unit/store/opening.ts';
import { etcdMissing, freePort, startEtcd } from './etcd-server.ts';
import { HostedStore } from './hosted-store.ts';
import { makeCertificate } from './make-certificate.ts';

const skip = etcdMissing;

t.setTimeout(110_000);

t.test('TLS with certificates of both sides', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const authority = await makeCertificate(folder, 'authority');
  const server = await makeCertificate(folder, 'server', authority);
  const client = await makeCertificate(folder, 'client', authority);
  const stranger = await makeCertificate(folder, 'stranger');
  await using etcd = await startEtcd({
    scheme: 'https',
    flags: [
      `--cert-file=${server.certificateFile}`,
      `--key-file=${server.keyFile}`,
      '--client-cert-auth',
      `--trusted-ca-file=${authority.certificateFile}`,
    ],
  });
  const endpoints = [etcd.endpoint];
  const certificateAuthorityFile = authority.certificateFile;
  const store = await retried(() =>
    openEtcdStore({ endpoints, certificateAuthorityFile, ...client }),
  );
  await store.create('/registry/a/x', bytes('secret'));
  t.equal(text((await store.get('/registry/a/x')).entry?.value), 'secret');
  await store[Symbol.asyncDispose]();
  const anonymous = openEtcdStore({ endpoints, certificateAuthorityFile });
  t.match(await refusal(anonymous), { kind: 'unavailable', message: /^etcd at 127.0.0.1:\d+: / });
  const deceived = { endpoints, ...client, certificateAuthorityFile: stranger.certificateFile };
  t.match(await refusal(openEtcdStore(deceived)), {
    message: /self.signed|unable to (verify|get)/,
  });
  const lost = { endpoints, certificateAuthorityFile: join(folder, 'none.pem') };
  t.match(await refusal(openEtcdStore(lost)), { message: /Cannot read the certificate file/ });
});

t.test('endpoints that are wrong or down are named', { skip }, async (t) => {
  t.match(await refusal(openEtcdStore({ endpoints: [] })), {
    message: 'No etcd endpoint is given',
  });
  const nonsense = openEtcdStore({ endpoints: ['localhost'] });
  t.match(await refusal(nonsense), { kind: 'invalid', message: /endpoint "localhost"/ });
  const mixed = openEtcdStore({ endpoints: ['http://a', 'https://b'] });
  t.match(await refusal(mixed), { message: /either all https or all http/ });
  const port = await freePort();
  const down = openEtcdStore({ endpoints: [`http://127.0.0.1:${port}`] });
  const where = `127.0.0.1:${port}`;
  const message = `etcd at ${where}: cannot be reached: connect ECONNREFUSED ${where}`;
  t.match(await refusal(down), { kind: 'unavailable', message });
});

t.test('a member that is down costs nothing while another is up', { skip }, async (t) => {
  await using etcd = await startEtcd();
  const endpoints = [`http://127.0.0.1:${await freePort()}`, etcd.endpoint];
  const store = await openedFor(t, () => openEtcdStore({ endpoints }));
  const revision = await store.create('/registry/a/x', bytes('x'));
  await store.reached(revision, AbortSignal.timeout(5_000));
  t.equal(await store.count('/registry/'), 1);
});

t.test('keys of a killed process vanish when its session has run out', { skip }, async (t) => {
  await using etcd = await startEtcd();
  const endpoints = [etcd.endpoint];
  await using holder = new HostedStore({ endpoints });
  while (!holder.isOpen) await sleep(50);
  await holder.call({ kind: 'lead', key: '/keelson/leader', value: bytes('holder') });
  const store = await openedFor(t, () => openEtcdStore({ endpoints }));
  await sleep(4_000);
  t.equal(await store.count('/keelson/'), 1, 'renewed for longer than it lives');
  holder.signal('SIGKILL');
  await sleep(5_000);
  t.equal(await store.count('/keelson/'), 0);
});

t.test(
  'a session that cannot be renewed ends before etcd gives its keys away',
  { skip },
  async (t) => {
    await using etcd = await startEtcd();
    const store = await openedFor(t, () => openEtcdStore({ endpoints: [etcd.endpoint] }));
    const session = await store.openSession({ timeToLiveSeconds: 2 });
    await store.create('/keelson/leader', bytes('me'), { session });
    process.kill(etcd.pid, 'SIGSTOP');
    await sleep(2_500);
    t.ok(session.ended.aborted);
    t.match(session.ended.reason, { message: /could not be renewed in time/ });
    process.kill(etcd.pid, 'SIGCONT');
    t.match(await refusal(store.openSession({ timeToLiveSeconds: 0.5 })), { kind: 'invalid' });
  },
);

async function retried<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(100);
    }
  }
}
