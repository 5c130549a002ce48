import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { DomainError, hasCode } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import type { RuntimeBinary } from '../container/container-engine.ts';
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
  /** How many of the folder's networks a pod is attached to; 0 for all. */
  readonly cniNetworks: string;
  /** Where results are kept from ADD to DEL. */
  readonly cniCache: string;
  /** The `image` section, which the image service checks itself. */
  readonly image: unknown;
  /** Handlers of RuntimeClasses, beside the built-in one. */
  readonly runtimes: Readonly<Record<string, RuntimeBinary>>;
}

interface Setting {
  /** Where it stands in the file: `cgroup.parent`. */
  readonly key: string;
  readonly field: keyof RuntimeConfig;
  readonly fallback: string;
  readonly allowed: RegExp;
  readonly expected: string;
}

const path = { allowed: /^\/[^\0]*$/, expected: 'an absolute path' };

/** One row a setting: also its variable, `KEELSON_CGROUP_PARENT`. */
const settings: readonly Setting[] = [
  { key: 'root', field: 'root', fallback: '/var/lib/keelson', ...path },
  { key: 'state', field: 'state', fallback: '/run/keelson', ...path },
  { key: 'socket', field: 'socket', fallback: '/run/keelson/cri.sock', ...path },
  {
    key: 'log.level',
    field: 'logLevel',
    fallback: 'info',
    allowed: /^(trace|debug|info|warn|error|silent)$/,
    expected: 'trace, debug, info, warn, error or silent',
  },
  { key: 'cgroup.parent', field: 'cgroupParent', fallback: '/keelson', ...path },
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
  { key: 'cni.config', field: 'cniConfig', fallback: '/etc/cni/net.d', ...path },
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
  { key: 'streaming.certificate', field: 'streamingCertificate', fallback: '', ...path },
  { key: 'streaming.key', field: 'streamingKey', fallback: '', ...path },
  { key: 'streaming.clientAuthority', field: 'streamingClientAuthority', fallback: '', ...path },
  {
    key: 'cni.networks',
    field: 'cniNetworks',
    fallback: '1',
    allowed: /^\d{1,2}$/,
    expected: 'a number of networks',
  },
  { key: 'cni.cache', field: 'cniCache', fallback: '/var/lib/cni/results', ...path },
];

/** Sections of the file that are other processes' business or are checked elsewhere. */
const openSections = ['image', 'runtimes'];

/**
 * The settings of a file's text under variables and flags. Throws DomainError `invalid`, naming the
 * key, for what is unknown or has a value that does not fit.
 */
export function parseConfig(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Partial<Record<string, string>>>,
): RuntimeConfig {
  const file = parseFile(text);
  const config: Record<string, unknown> = {
    image: file.get('image') ?? {},
    runtimes: parseRuntimes(file.get('runtimes')),
  };
  for (const setting of settings) {
    const variable = `KEELSON_${setting.key.replaceAll('.', '_').toUpperCase()}`;
    const sources = [
      { name: `--${setting.key}`, value: flags[setting.field] },
      { name: variable, value: environment[variable] },
      { name: `"${setting.key}" in the configuration`, value: file.get(setting.key) },
    ];
    const source = sources.find(({ value }) => value !== undefined);
    config[setting.field] = checked(setting, source) ?? setting.fallback;
  }
  return config as unknown as RuntimeConfig;
}

function checked(
  { allowed, expected }: Setting,
  source: { name: string; value: unknown } | undefined,
): string | undefined {
  if (source === undefined) return undefined;
  const text = typeof source.value === 'number' ? String(source.value) : source.value;
  if (typeof text === 'string' && allowed.test(text)) return text;
  throw new DomainError(
    'invalid',
    `${source.name} is ${JSON.stringify(source.value)}, not ${expected}`,
  );
}

/** The file's values by dotted keys; every key must be one of the table. */
function parseFile(text: string): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(parseDocument(text))) {
    if (openSections.includes(name)) values.set(name, value);
    else if (isObject(value)) {
      for (const [inner, item] of Object.entries(value)) put(values, `${name}.${inner}`, item);
    } else put(values, name, value);
  }
  return values;
}

function put(values: Map<string, unknown>, key: string, value: unknown): void {
  const known = settings.map((setting) => setting.key);
  if (!known.includes(key)) {
    const guess = nearest(key, [...known, ...openSections]);
    const hint = guess === undefined ? '' : `; did you mean "${guess}"?`;
    throw new DomainError('invalid', `Unknown key "${key}" in the configuration${hint}`);
  }
  values.set(key, value);
}

function parseDocument(text: string): object {
  try {
    const document: unknown = parse(text) ?? {};
    if (isObject(document)) return document;
  } catch (cause) {
    throw new DomainError('invalid', 'The configuration is not YAML', { cause });
  }
  throw new DomainError('invalid', 'The configuration is not a YAML mapping');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The file's text; empty where it does not exist, unless it was asked for by name. */
export async function readConfig(path: string, required: boolean): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT') && !required) return '';
    throw new DomainError('invalid', `Cannot read the configuration "${path}"`, { cause: error });
  }
}
