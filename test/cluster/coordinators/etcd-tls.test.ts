/** A coordinator that speaks TLS with etcd, and shows it a certificate. */
import t from 'tap';
import { temporaryFolder } from '../../unit/store/opening.ts';
import { CoordinatorProcess } from '../security/coordinator-process.ts';
import { eventually } from '../security/shared-coordinator.ts';
import { etcdMissing, startEtcd } from '../store/etcd-server.ts';
import { makeCertificate } from '../store/make-certificate.ts';

t.setTimeout(180_000);

t.test('a coordinator keeps its state in an etcd with TLS', { skip: etcdMissing }, async (t) => {
  const folder = await temporaryFolder(t);
  const authority = await makeCertificate(folder, 'authority');
  const server = await makeCertificate(folder, 'server', authority);
  const client = await makeCertificate(folder, 'client', authority);
  await using etcd = await startEtcd({
    scheme: 'https',
    flags: [
      `--cert-file=${server.certificateFile}`,
      `--key-file=${server.keyFile}`,
      '--client-cert-auth',
      `--trusted-ca-file=${authority.certificateFile}`,
    ],
  });
  const store = ['--store', etcd.endpoint.replace(/^https/, 'etcd')];
  const trusting = [...store, '--etcd-authority', authority.certificateFile];
  const known = ['--etcd-certificate', client.certificateFile, '--etcd-key', client.keyFile];
  let coordinator: CoordinatorProcess | undefined;
  // etcd takes a moment to start, and says so by refusing.
  const isUp = await eventually(async () => {
    coordinator = await CoordinatorProcess.start([...trusting, ...known]).catch(() => undefined);
    return coordinator !== undefined;
  });
  t.ok(isUp && coordinator !== undefined);
  if (coordinator === undefined) return;
  await using running = coordinator;
  const made = await running.asAdmin(
    'POST /api/v1/namespaces/default/configmaps',
    JSON.stringify({ metadata: { name: 'paint' } }),
  );
  t.equal(made.status, 201);
  await t.rejects(
    CoordinatorProcess.start(trusting),
    /etcd at 127\.0\.0\.1:\d+: /,
    'who is nobody',
  );
  const { certificateFile: wrong } = await makeCertificate(folder, 'stranger');
  const deceived = CoordinatorProcess.start([...store, '--etcd-authority', wrong, ...known]);
  await t.rejects(deceived, /self.signed|unable to (verify|get)/, 'who trusts somebody else');
});
