import { mkdir } from 'node:fs/promises';
import { type ClusterNetwork, clusterNetworkPath } from '../api/cluster-network.ts';
import { announceServer } from '../apiserver/announce-server.ts';
import { openAdminAccess } from '../apiserver/security/admin-access.ts';
import { AuditTrail } from '../apiserver/security/audit/audit-trail.ts';
import type { Authority } from '../apiserver/security/authority/authority.ts';
import { RenewedCredential } from '../apiserver/security/authority/renewed-credential.ts';
import { keepIdentity, shareIdentity } from '../apiserver/security/authority/shared-identity.ts';
import { openSecurity } from '../apiserver/security/open-security.ts';
import { Restoring } from '../apiserver/restoring.ts';
import {
  type BackupOptions,
  backupPath,
  removeTransfers,
  restorePath,
  serveBackup,
  serveRestore,
} from '../apiserver/serve-backup.ts';
import { ApiServer } from '../apiserver/server.ts';
import { ServiceRanges } from '../apiserver/service-ranges.ts';
import { SharedTurns } from '../apiserver/turns.ts';
import { aborted } from '../base/aborted.ts';
import { durationMs } from '../base/duration.ts';
import { messageOf } from '../base/error.ts';
import { type Logger, openLog } from '../base/log.ts';
import { podRangesOf } from '../controller/node/pod-range.ts';
import { decisionsPath } from '../scheduler/explain/decisions-path.ts';
import { openEmbeddedStore, openEtcdStore } from '../store/open.ts';
import { keepHistoryBounded } from '../store/retention.ts';
import type { Store } from '../store/store.ts';
import type { Cli } from './cli.ts';
import { addressOf, clientUrl, publishedAddress, serverNames } from './coordinator-address.ts';
import type { CoordinatorConfig } from './coordinator-config.ts';
import { workAsCoordinator } from './coordinator-work.ts';
import { KeptExplanations } from './kept-explanations.ts';
import { notifyReady } from './notify-ready.ts';
import { lockRuntime } from './runtime-lock.ts';

/** Who the server is to kubelets. */
const toKubelets = {
  commonName: 'kube-apiserver-kubelet-client',
  organizations: ['system:masters'],
  names: [],
  usage: 'client',
} as const;

/** Requests that are answered when the end comes have this long. */
const graceMs = 5000;

/** Is the coordinator until SIGTERM or SIGINT. */
export async function runCoordinator(config: CoordinatorConfig, cli: Cli): Promise<void> {
  process.env['KEELSON_LOG'] ??= config.logLevel;
  process.umask(0o077);
  const log = openLog('coordinator');
  const stop = untilSignal();
  const { root } = config;
  await mkdir(root, { recursive: true, mode: 0o700 });
  using _lock = lockRuntime(root, 'coordinator');
  await using store = await openStore(config);
  using _history = boundHistory(store, config, log);
  const isShared = config.store !== 'sqlite';
  await (isShared ? shareIdentity(store, root) : keepIdentity(store, root));
  await removeTransfers(root);
  using restoring = new Restoring(store, isShared);
  await using turns = isShared ? new SharedTurns(store) : undefined;
  const lifetimeMs = millisecondsOf(config.certificateLifetime);
  await using audit = await openAudit(config, log);
  const { anonymous } = config;
  const serviceRanges = new ServiceRanges(config.serviceCidr);
  const podRanges = podRangesOf(config.podCidr);
  const names = serverNames(config, serviceRanges);
  const access = { store, folder: root, names, anonymous, lifetimeMs, audit, log };
  using security = await openSecurity(access);
  const kubelets = kubeletOptions(config, security.authority);
  const parts = { store, security, turns, serviceRanges, kubelets, restoring };
  await using server = await ApiServer.start({ ...addressOf(config), ...parts });
  // A start that fails from here on has begun work that would keep the process, without its lock.
  using _ending = { [Symbol.dispose]: () => stop.abort() };
  const failed = (what: string) => (error: unknown) => log.warn(`${what}: ${messageOf(error)}`);
  const { authority } = security;
  const renewing = failed("renewing the administrator's certificate");
  const url = clientUrl(server.url);
  using admin = await openAdminAccess({
    authority,
    folder: root,
    url,
    lifetimeMs,
    failed: renewing,
  });
  const announced = await announce({ store, server, config, serviceRanges, log }, stop.signal);
  await using explanations = new KeptExplanations(store, failed('keeping explanations'));
  server.addPage(clusterNetworkPath, () => networkOf(config, serviceRanges));
  server.addPage(decisionsPath, (pod) => explanations.of(pod));
  addBackups(server, { store, folder: root, restoring, forget: () => server.forget() });
  using _kubelets = await openKubeletAccess({ authority, server, root, lifetimeMs, log });
  const { nodesToScore } = config;
  const leaseMs = isShared ? millisecondsOf(config.leaderLease) : undefined;
  const scheduled = { nodesToScore, podRanges, explanations: explanations.own };
  const working = { server, security, restoring, leaseMs, log, ...scheduled, ...entrances(config) };
  const work = workAsCoordinator(working, stop.signal);
  log.info({ url: server.url, store: config.store, kubeconfig: admin.path }, 'ready');
  await cli.print(`${admin.path}\n`);
  notifyReady();
  const failure = await Promise.race([aborted(stop.signal), store.failed]);
  stop.abort();
  log.info('stopping');
  await server.close(graceMs);
  await Promise.all([work, announced.ended]);
  if (failure instanceof Error) throw failure;
}

function entrances({ ingress, loadBalancer }: CoordinatorConfig) {
  return { servesIngress: ingress === 'yes', balances: loadBalancer === 'yes' };
}

function networkOf({ podCidr, serviceCidr }: CoordinatorConfig, { dnsAddresses }: ServiceRanges) {
  return { podCidr, serviceCidr, clusterDns: [...dnsAddresses] } satisfies ClusterNetwork;
}

function untilSignal(): AbortController {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  return stop;
}

function addBackups(server: ApiServer, options: BackupOptions): void {
  server.addService(backupPath, (asked) => serveBackup(options, asked));
  server.addService(restorePath, (asked) => serveRestore(options, asked));
}

interface Announcing {
  readonly store: Store;
  readonly server: ApiServer;
  readonly serviceRanges: ServiceRanges;
  readonly config: CoordinatorConfig;
  readonly log: Logger;
}

/** `ended` settles when the address is withdrawn. */
async function announce(
  { store, server, config, serviceRanges: ranges, log }: Announcing,
  signal: AbortSignal,
): Promise<{ readonly ended: Promise<void> }> {
  const address = publishedAddress(server.url, config);
  if (address === undefined) return { ended: Promise.resolve() };
  const client = server.client('kube-apiserver');
  const failed = (error: unknown) => log.warn(`publishing the address: ${messageOf(error)}`);
  return await announceServer({ store, client, address, ranges, failed }, signal);
}

interface KubeletAccess {
  readonly authority: Authority;
  readonly server: ApiServer;
  readonly root: string;
  readonly lifetimeMs: number;
  readonly log: Logger;
}

async function openKubeletAccess(access: KubeletAccess): Promise<Disposable> {
  const { authority, server, root, lifetimeMs, log } = access;
  const kubelets = await RenewedCredential.open({
    authority,
    path: `${root}/kubelet-client.pem`,
    plan: { ...toKubelets, lifetimeMs },
    renewed: (credential) => server.showToKubelets(credential),
    failed: (error) => log.warn(`renewing the certificate for kubelets: ${messageOf(error)}`),
  });
  server.showToKubelets(kubelets.credential);
  return kubelets;
}

function kubeletOptions({ kubeletCertificates }: CoordinatorConfig, authority: Authority) {
  return kubeletCertificates === 'any' ? {} : { authority: authority.certificate };
}

function boundHistory(store: Store, config: CoordinatorConfig, log: Logger): Disposable {
  const { historyAge, historyBytes } = config;
  const ageMs = millisecondsOf(historyAge);
  return keepHistoryBounded(store, { ageMs, bytes: Number(historyBytes), log });
}

async function openAudit(
  { auditLog, auditPolicy, auditBytes }: CoordinatorConfig,
  log: Logger,
): Promise<AuditTrail | undefined> {
  if (auditLog === '') return undefined;
  const bytes = Number(auditBytes);
  return await AuditTrail.open({ path: auditLog, policyPath: auditPolicy, bytes, log });
}

function openStore({ root, store, ...config }: CoordinatorConfig): Promise<Store> {
  if (store === 'sqlite') return openEmbeddedStore(`${root}/store.db`);
  const { etcdAuthority, etcdCertificate, etcdKey } = config;
  const scheme = etcdAuthority === '' ? 'http' : 'https';
  const hosts = store.slice('etcd://'.length).split(',');
  return openEtcdStore({
    endpoints: hosts.map((host) => `${scheme}://${host}`),
    ...(etcdAuthority !== '' && { certificateAuthorityFile: etcdAuthority }),
    ...(etcdCertificate !== '' && { certificateFile: etcdCertificate }),
    ...(etcdKey !== '' && { keyFile: etcdKey }),
  });
}

function millisecondsOf(time: string): number {
  return durationMs(time) ?? NaN;
}
