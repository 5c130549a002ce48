import { defaultServiceCidr } from '../apiserver/service-ranges.ts';
import type { AnonymousAccess } from '../apiserver/security/authenticate/authenticator.ts';
import { defaultPodCidr } from '../controller/node/pod-range.ts';
import {
  logLevelSetting,
  parseSettings,
  pathSetting,
  resolveSettings,
  type Setting,
  type SettingSources,
} from '../base/settings.ts';
import { runtimeSections } from '../cri/config.ts';

/** What the coordinator is told by its file, its environment and its flags, later ones first. */
export interface CoordinatorConfig {
  /** Keys, certificates and the embedded store. */
  readonly root: string;
  /** Where to answer: an address and a port, `:6443` for all addresses. */
  readonly address: string;
  /** What nodes call; empty for this machine's first address. */
  readonly advertiseAddress: string;
  /** `sqlite`, or `etcd://host:2379,host:2379`. */
  readonly store: string;
  /** Files with PEM: TLS to etcd. */
  readonly etcdAuthority: string;
  readonly etcdCertificate: string;
  readonly etcdKey: string;
  /** More names and addresses in the server's certificate, parted by commas. */
  readonly names: string;
  readonly anonymous: AnonymousAccess;
  /** `verify`: of kubelets, only certificates of the cluster's authority are taken; or `any`. */
  readonly kubeletCertificates: string;
  /** Of the nodes, how many the scheduler looks at: `adaptive`, `all`, or a percentage. */
  readonly nodesToScore: string;
  /** `365d`: of certificates, which are renewed after two thirds of it. */
  readonly certificateLifetime: string;
  /** Where requests are written down; empty for nowhere. */
  readonly auditLog: string;
  /** A file with a Policy of `audit.k8s.io/v1`. */
  readonly auditPolicy: string;
  /** Where the addresses of pods are from: one range, or one of each family after a comma. */
  readonly podCidr: string;
  /** Where the addresses of Services are from, likewise. */
  readonly serviceCidr: string;
  /** When the file is turned over, in bytes. */
  readonly auditBytes: string;
  /** `15s`: of coordinators that share etcd, how long a leader that says nothing stays one. */
  readonly leaderLease: string;
  /** `3d`: what changed longer ago is forgotten. */
  readonly historyAge: string;
  /** Of the past that is kept; on etcd of all it holds. */
  readonly historyBytes: string;
  /** Whether the cluster gets a class of Ingresses that its nodes serve, and their status. */
  readonly ingress: 'yes' | 'no';
  /** Whether Services of type LoadBalancer get the nodes' addresses. */
  readonly loadBalancer: 'yes' | 'no';
  readonly logLevel: string;
}

const rangesSetting = {
  allowed: /^[0-9a-f.:]+\/\d{1,3}(,[0-9a-f.:]+\/\d{1,3})?$/,
  expected: 'a range of addresses, or one of each family parted by a comma',
} as const;

const yesOrNo = { allowed: /^(yes|no)$/, expected: 'yes or no' } as const;

const settings: readonly Setting<keyof CoordinatorConfig>[] = [
  {
    key: 'coordinator.root',
    field: 'root',
    fallback: '/var/lib/keelson/coordinator',
    ...pathSetting,
  },
  {
    key: 'coordinator.address',
    field: 'address',
    fallback: ':6443',
    allowed: /^([0-9.]+|\[[0-9a-f:.]+\])?:\d{1,5}$/,
    expected: 'an IP address and a port, such as :6443, 127.0.0.1:6443 or [::1]:6443',
  },
  {
    key: 'coordinator.advertiseAddress',
    field: 'advertiseAddress',
    fallback: '',
    allowed: /^[0-9a-f:.]+$/,
    expected: 'an IP address',
  },
  {
    key: 'coordinator.store',
    field: 'store',
    fallback: 'sqlite',
    allowed: /^(sqlite|etcd:\/\/[\w.[\]:-]+(,[\w.[\]:-]+)*)$/,
    expected: 'sqlite or etcd://HOST:PORT with more hosts after commas',
  },
  { key: 'coordinator.etcdAuthority', field: 'etcdAuthority', fallback: '', ...pathSetting },
  { key: 'coordinator.etcdCertificate', field: 'etcdCertificate', fallback: '', ...pathSetting },
  { key: 'coordinator.etcdKey', field: 'etcdKey', fallback: '', ...pathSetting },
  {
    key: 'coordinator.names',
    field: 'names',
    fallback: '',
    allowed: /^[\w.:*-]+(,[\w.:*-]+)*$/,
    expected: 'names and addresses parted by commas',
  },
  {
    key: 'coordinator.anonymous',
    field: 'anonymous',
    fallback: 'health',
    allowed: /^(health|all|none)$/,
    expected: 'health, all or none',
  },
  {
    key: 'coordinator.kubeletCertificates',
    field: 'kubeletCertificates',
    fallback: 'verify',
    allowed: /^(verify|any)$/,
    expected: 'verify or any',
  },
  {
    key: 'coordinator.nodesToScore',
    field: 'nodesToScore',
    fallback: 'adaptive',
    allowed: /^(adaptive|all|100|[1-9]\d?)$/,
    expected: 'adaptive, all, or a percentage from 1 to 100',
  },
  {
    key: 'coordinator.leaderLease',
    field: 'leaderLease',
    fallback: '15s',
    allowed: /^([2-9]|\d{2,4})s$|^\d{1,3}m$/,
    expected: 'from 2s on, a number with s or m',
  },
  {
    key: 'coordinator.historyAge',
    field: 'historyAge',
    fallback: '7d',
    allowed: /^\d{1,6}[smhd]$/,
    expected: 'a number with s, m, h or d',
  },
  {
    key: 'coordinator.historyBytes',
    field: 'historyBytes',
    fallback: String(512 * 1024 * 1024),
    allowed: /^[1-9]\d{0,12}$/,
    expected: 'a number of bytes',
  },
  {
    key: 'coordinator.certificateLifetime',
    field: 'certificateLifetime',
    fallback: '365d',
    allowed: /^\d{1,6}[smhd]$/,
    expected: 'a number with s, m, h or d',
  },
  {
    key: 'coordinator.podCidr',
    field: 'podCidr',
    fallback: defaultPodCidr,
    ...rangesSetting,
  },
  {
    key: 'coordinator.serviceCidr',
    field: 'serviceCidr',
    fallback: defaultServiceCidr,
    ...rangesSetting,
  },
  { key: 'coordinator.auditLog', field: 'auditLog', fallback: '', ...pathSetting },
  { key: 'coordinator.auditPolicy', field: 'auditPolicy', fallback: '', ...pathSetting },
  {
    key: 'coordinator.auditBytes',
    field: 'auditBytes',
    fallback: String(100 * 1024 * 1024),
    allowed: /^[1-9]\d{0,12}$/,
    expected: 'a number of bytes',
  },
  { key: 'coordinator.ingress', field: 'ingress', fallback: 'yes', ...yesOrNo },
  { key: 'coordinator.loadBalancer', field: 'loadBalancer', fallback: 'yes', ...yesOrNo },
  logLevelSetting,
];

/** Throws DomainError `invalid`, naming the key, for what is unknown or does not fit. */
export function parseCoordinatorConfig(
  text: string,
  environment: SettingSources['environment'],
  flags: SettingSources['flags'],
): CoordinatorConfig {
  const keys = settings.map(({ key }) => key);
  const file = parseSettings(text, keys, [...runtimeSections, 'network']);
  return resolveSettings(settings, file, { environment, flags }) as CoordinatorConfig;
}
