import type { RuntimeBinary } from '../container/container-engine.ts';
import {
  logLevelSetting,
  parseSettings,
  pathSetting,
  resolveSettings,
  type Setting,
  type SettingSources,
} from '../base/settings.ts';
import { parseRuntimes } from './runtime-handlers.ts';

/** What the runtime is told by its file, its environment and its flags, later ones first. */
export interface RuntimeConfig {
  readonly root: string;
  readonly state: string;
  readonly socket: string;
  readonly logLevel: string;
  readonly cgroupParent: string;
  /** Who makes containers' cgroups; the kubelet asks for it. */
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
  readonly missingControllers: 'refuse' | 'warn';
  /** The folder whose first CNI configuration is the pods' network. */
  readonly cniConfig: string;
  /** Folders with CNI plugins, parted by colons. */
  readonly cniPlugins: string;
  /** Where Exec, Attach and PortForward are answered: an IP address and a port, 0 for any. */
  readonly streamingAddress: string;
  /** `4h`: a stream on which nothing comes and goes for so long is ended. */
  readonly streamingIdleTimeout: string;
  /** Files for TLS; empty: plain HTTP. */
  readonly streamingCertificate: string;
  readonly streamingKey: string;
  readonly streamingClientAuthority: string;
  /** Where metrics and health are told: a socket's path, an IP address and a port, or `off`. */
  readonly monitorAddress: string;
  /** Where traces go: OTLP over HTTP; empty for nowhere. */
  readonly tracingEndpoint: string;
  /** Of a million requests whose caller does not say. */
  readonly tracingRate: string;
  /** How many of the folder's networks a pod is attached to; 0 for all. */
  readonly cniNetworks: string;
  /** Where results are kept from ADD to DEL. */
  readonly cniCache: string;
  /** The `image` section, which the image service checks itself. */
  readonly image: unknown;
  /** Makes checkpoints: a path, or a name that is looked up in PATH. */
  readonly criu: string;
  /** Handlers of RuntimeClasses, beside the built-in one. */
  readonly runtimes: Readonly<Record<string, RuntimeBinary>>;
}

const settings: readonly Setting<keyof RuntimeConfig>[] = [
  { key: 'root', field: 'root', fallback: '/var/lib/keelson', ...pathSetting },
  { key: 'state', field: 'state', fallback: '/run/keelson', ...pathSetting },
  { key: 'socket', field: 'socket', fallback: '/run/keelson/cri.sock', ...pathSetting },
  logLevelSetting,
  { key: 'cgroup.parent', field: 'cgroupParent', fallback: '/keelson', ...pathSetting },
  {
    key: 'cgroup.driver',
    field: 'cgroupDriver',
    fallback: 'cgroupfs',
    allowed: /^(cgroupfs|systemd)$/,
    expected: 'cgroupfs or systemd',
  },
  {
    key: 'cgroup.missingControllers',
    field: 'missingControllers',
    fallback: 'refuse',
    allowed: /^(refuse|warn)$/,
    expected: 'refuse or warn',
  },
  { key: 'cni.config', field: 'cniConfig', fallback: '/etc/cni/net.d', ...pathSetting },
  {
    key: 'cni.plugins',
    field: 'cniPlugins',
    fallback: '/opt/cni/bin:/usr/lib/cni',
    allowed: /^\/[^\0:]*(:\/[^\0:]*)*$/,
    expected: 'absolute paths parted by colons',
  },
  {
    key: 'streaming.address',
    field: 'streamingAddress',
    fallback: '127.0.0.1:0',
    allowed: /^([0-9.]+|\[[0-9a-f:.]+\]):\d{1,5}$/,
    expected: 'an IP address and a port, such as 127.0.0.1:0 or [::1]:0',
  },
  {
    key: 'streaming.idleTimeout',
    field: 'streamingIdleTimeout',
    fallback: '4h',
    allowed: /^\d{1,9}[smh]$/,
    expected: 'a number with s, m or h',
  },
  { key: 'streaming.certificate', field: 'streamingCertificate', fallback: '', ...pathSetting },
  { key: 'streaming.key', field: 'streamingKey', fallback: '', ...pathSetting },
  {
    key: 'streaming.clientAuthority',
    field: 'streamingClientAuthority',
    fallback: '',
    ...pathSetting,
  },
  {
    key: 'monitor.address',
    field: 'monitorAddress',
    fallback: '',
    allowed: /^(off|\/[^\0]*|[0-9.]+:\d{1,5}|\[[0-9a-f:.]+\]:\d{1,5})$/,
    expected: 'a path, an IP address and a port such as 127.0.0.1:9471, or off',
  },
  {
    key: 'tracing.endpoint',
    field: 'tracingEndpoint',
    fallback: '',
    allowed: /^https?:\/\/[^\s@?#/]+(\/[^\s@?#]*)?$/,
    expected: 'a URL such as http://127.0.0.1:4318',
  },
  {
    key: 'tracing.samplingRatePerMillion',
    field: 'tracingRate',
    fallback: '1000000',
    allowed: /^(1000000|\d{1,6})$/,
    expected: 'a number from 0 to 1000000',
  },
  {
    key: 'cni.networks',
    field: 'cniNetworks',
    fallback: '1',
    allowed: /^\d{1,2}$/,
    expected: 'a number of networks',
  },
  {
    key: 'criu',
    field: 'criu',
    fallback: 'criu',
    allowed: /^(\/[^\0]*|[A-Za-z0-9._-]+)$/,
    expected: 'an absolute path, or a name',
  },
  { key: 'cni.cache', field: 'cniCache', fallback: '/var/lib/cni/results', ...pathSetting },
];

/** The key in the file by which an operator knows a setting. */
export function keyOf(field: keyof RuntimeConfig): string {
  return settings.find((setting) => setting.field === field)?.key ?? field;
}

/** Sections of the file that are other processes' business or are checked elsewhere. */
const openSections = ['image', 'runtimes', 'coordinator', 'network'];

/**
 * The settings of a file's text under variables and flags. Throws DomainError `invalid`, naming the
 * key, for what is unknown or has a value that does not fit.
 */
export function parseConfig(
  text: string,
  environment: SettingSources['environment'],
  flags: SettingSources['flags'],
): RuntimeConfig {
  const keys = settings.map(({ key }) => key);
  const file = parseSettings(text, keys, openSections);
  return {
    ...resolveSettings(settings, file, { environment, flags }),
    image: file.get('image') ?? {},
    runtimes: parseRuntimes(file.get('runtimes')),
  } as RuntimeConfig;
}

/** What of the file is the runtime's, by its first words. */
export const runtimeSections: readonly string[] = [
  ...new Set([...settings.map(({ key }) => key.split('.')[0] ?? ''), 'image', 'runtimes']),
];
