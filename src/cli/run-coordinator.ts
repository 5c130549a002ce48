import { mkdir } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import type { ApiClient } from '../api/client/client.ts';
import { openAdminAccess } from '../apiserver/security/admin-access.ts';
import { AuditTrail } from '../apiserver/security/audit/audit-trail.ts';
import { CertificateController } from '../apiserver/security/certificate/certificate-controller.ts';
import { RenewedCredential } from '../apiserver/security/authority/renewed-credential.ts';
import { openSecurity } from '../apiserver/security/open-security.ts';
import { publishAddress } from '../apiserver/publish-address.ts';
import { ApiServer } from '../apiserver/server.ts';
import { systemClock } from '../base/clock.ts';
import { messageOf } from '../base/error.ts';
import { type Logger, openLog } from '../base/log.ts';
import { EventRecorder } from '../api/client/event-recorder.ts';
import { runControllers } from '../controller/run-controllers.ts';
import { decisionsPath } from '../scheduler/explain/decisions-path.ts';
import { Explanations } from '../scheduler/explain/explanations.ts';
import { runScheduler } from '../scheduler/run-scheduler.ts';
import { openEmbeddedStore, openEtcdStore } from '../store/open.ts';
import { keepHistoryBounded } from '../store/retention.ts';
import type { Store } from '../store/store.ts';
import type { Cli } from './cli.ts';
import type { CoordinatorConfig } from './coordinator-config.ts';
import { notifyReady } from './notify-ready.ts';
import { lockRuntime } from './runtime-lock.ts';

/** What works on the cluster's objects in the coordinator's process. */
interface Component {
  /** As its changes are written down: `kube-scheduler`. */
  readonly name: string;
  /** Works until `signal` is aborted; what it throws is logged, and it is started again. */
  run(client: ApiClient, signal: AbortSignal): Promise<void>;
}

/** The scheduler, the controllers: one line each. */
function componentsOf(surroundings: Surroundings): readonly Component[] {
  const { security, nodesToScore, explanations, log } = surroundings;
  const failed = (what: string, error: unknown) => log.warn(`${what}: ${messageOf(error)}`);
  const rootCertificate = () => security.authority.certificate;
  const { authority, gate } = security;
  const certificates = new CertificateController({ authority, gate, log });
  return [
    {
      name: 'kube-controller-manager',
      run: (client, signal) => runControllers(client, { signal, rootCertificate, onError: failed }),
    },
    { name: 'certificate-controller', run: (client, signal) => certificates.run(client, signal) },
    {
      name: 'kube-scheduler',
      run: (client, signal) => {
        const told = (error: unknown) => failed('events', error);
        const events = new EventRecorder({ client, clock: systemClock, onError: told });
        return runScheduler(client, {
          signal,
          events,
          explanations,
          percentageOfNodesToScore: percentages.get(nodesToScore) ?? Number(nodesToScore),
          onError: failed,
        });
      },
    },
  ];
}

/** In words, what the scheduler has as numbers. */
const percentages = new Map([
  ['adaptive', 0],
  ['all', 100],
]);

/** What components need besides the API. */
interface Surroundings {
  readonly security: Awaited<ReturnType<typeof openSecurity>>;
  readonly nodesToScore: string;
  /** The scheduler's last decisions. */
  readonly explanations: Explanations;
  readonly log: Logger;
}

/** Who the server is to kubelets. */
const toKubelets = {
  commonName: 'kube-apiserver-kubelet-client',
  organizations: ['system:masters'],
  names: [],
  usage: 'client',
} as const;

/** Requests that are answered when the end comes have this long. */
const graceMs = 5000;
const restartMs = 1000;

const unitsMs = { s: 1000, m: 60_000, h: 3600_000, d: 24 * 3600_000 } as const;

/** Is the coordinator until SIGTERM or SIGINT. */
export async function runCoordinator(config: CoordinatorConfig, cli: Cli): Promise<void> {
  process.env['KEELSON_LOG'] ??= config.logLevel;
  process.umask(0o077);
  const log = openLog('coordinator');
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  await mkdir(config.root, { recursive: true, mode: 0o700 });
  using _lock = lockRuntime(config.root, 'coordinator');
  await using store = await openStore(config);
  using _history = boundHistory(store, config, log);
  const lifetimeMs = millisecondsOf(config.certificateLifetime);
  await using audit = await openAudit(config, log);
  using security = await openSecurity({
    store,
    folder: config.root,
    names: serverNames(config),
    anonymous: config.anonymous,
    lifetimeMs,
    audit,
    log,
  });
  const { host, port } = addressOf(config);
  const server = await ApiServer.start({ store, host, port, security });
  using admin = await openAdminAccess({
    authority: security.authority,
    folder: config.root,
    url: clientUrl(server.url),
    lifetimeMs,
    failed: (error) => log.warn(`renewing the administrator's certificate: ${messageOf(error)}`),
  });
  await publish(server, config);
  const explanations = new Explanations();
  server.addPage(decisionsPath, (pod) => explanations.of(pod));
  using kubelets = await RenewedCredential.open({
    authority: security.authority,
    path: `${config.root}/kubelet-client.pem`,
    plan: { ...toKubelets, lifetimeMs },
    renewed: (credential) => server.showToKubelets(credential),
    failed: (error) => log.warn(`renewing the certificate for kubelets: ${messageOf(error)}`),
  });
  server.showToKubelets(kubelets.credential);
  const components = componentsOf({
    security,
    nodesToScore: config.nodesToScore,
    explanations,
    log,
  });
  const work = components.map((component) => keepRunning({ component, server, log }, stop.signal));
  log.info({ url: server.url, store: config.store, kubeconfig: admin.path }, 'ready');
  await cli.print(`${admin.path}\n`);
  await notifyReady();
  const failure = await Promise.race([aborted(stop.signal), store.failed]);
  stop.abort();
  log.info('stopping');
  await server.close(graceMs);
  await Promise.all(work);
  if (failure instanceof Error) throw failure;
}

function boundHistory(store: Store, config: CoordinatorConfig, log: Logger): Disposable {
  const { historyAge, historyBytes } = config;
  const ageMs = millisecondsOf(historyAge);
  return keepHistoryBounded(store, { ageMs, bytes: Number(historyBytes), log });
}

/** Endpoints are never on the loopback: a server on that alone is published nowhere. */
async function publish(server: ApiServer, config: CoordinatorConfig): Promise<void> {
  const { host } = addressOf(config);
  const given = config.advertiseAddress === '' ? host : config.advertiseAddress;
  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  const isOwn = given !== undefined && !/^(127\.|::1$|0\.0\.0\.0$|::$)/.test(given);
  const address = isOwn ? given : outside;
  if (address === undefined) return;
  const port = Number(new URL(server.url).port);
  await publishAddress(server.client('kube-apiserver'), { address, port });
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

/** All that clients on this machine, in its pods and elsewhere may call the server. */
function serverNames({ names, advertiseAddress }: CoordinatorConfig): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => address.split('%')[0] ?? address),
  );
  const inside = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const all = [
    'localhost',
    hostname(),
    ...inside,
    'kubernetes.default.svc.cluster.local',
    '127.0.0.1',
    '::1',
    '10.96.0.1',
    ...addresses,
    ...(advertiseAddress === '' ? [] : [advertiseAddress]),
    ...names.split(',').filter((name) => name !== ''),
  ];
  return [...new Set(all)];
}

function addressOf({ address }: CoordinatorConfig): { host: string | undefined; port: number } {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[|\]$/g, '');
  return { host: host === '' ? undefined : host, port: Number(address.slice(at + 1)) };
}

/** On all addresses is on this machine's own, too. */
function clientUrl(url: string): string {
  const { hostname: host, port } = new URL(url);
  return host === '[::]' || host === '0.0.0.0' ? `https://127.0.0.1:${port}` : url;
}

function millisecondsOf(time: string): number {
  return Number(time.slice(0, -1)) * unitsMs[time.slice(-1) as keyof typeof unitsMs];
}

interface Work {
  readonly component: Component;
  readonly server: ApiServer;
  readonly log: Logger;
}

/** Never rejects. */
async function keepRunning({ component, server, log }: Work, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await component.run(server.client(component.name), signal);
      if (signal.aborted) return;
      log.error(`${component.name} ended by itself`);
    } catch (error) {
      if (signal.aborted) return;
      log.error({ err: error }, `${component.name}: ${messageOf(error)}`);
    }
    await Promise.race([aborted(signal), delay(restartMs)]);
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
