import { resolve } from 'node:path';
import { DomainError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import type { Tmpfs, VolumeMount } from '../cri/generated/keelson.ts';
import { type Device, type Mount, MountPropagation } from '../cri/generated/runtime.ts';
import type { Draft } from '../grpc/message.ts';
import { parseSize } from './parse.ts';

const propagations: Readonly<Record<string, number>> = {
  private: MountPropagation.PROPAGATION_PRIVATE,
  rprivate: MountPropagation.PROPAGATION_PRIVATE,
  slave: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  rslave: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  shared: MountPropagation.PROPAGATION_BIDIRECTIONAL,
  rshared: MountPropagation.PROPAGATION_BIDIRECTIONAL,
};

/** What one flag stands for: exactly one of these. */
export interface ParsedMount {
  readonly mount?: Draft<Mount>;
  readonly tmpfs?: Draft<Tmpfs>;
  readonly volume?: Draft<VolumeMount>;
}

/**
 * `-v /host:/container[:ro,rslave]`, `-v name:/container[:ro,nocopy]`, or `-v /container` for a
 * volume of its own.
 */
export function parseVolume(text: string): ParsedMount {
  const [source = '', target, options = '', ...more] = text.split(':');
  if (target === undefined && source.startsWith('/')) return { volume: { path: source } };
  if (source === '' || target === undefined || more.length > 0) {
    const forms = 'HOST:CONTAINER[:OPTIONS], NAME:CONTAINER[:OPTIONS] or CONTAINER';
    throw new DomainError('invalid', `Invalid volume "${text}": it is ${forms}`);
  }
  const words = options.split(',').filter((option) => option !== '');
  if (!/^[./~]/.test(source)) {
    const volume: Draft<VolumeMount> = { name: source, path: target };
    return { volume: Object.assign(volume, ...words.map((word) => namedOption(word, text))) };
  }
  const mount: Draft<Mount> = { host_path: resolve(source), container_path: target };
  return { mount: Object.assign(mount, ...words.map((word) => volumeOption(word, text))) };
}

function namedOption(option: string, text: string): Draft<VolumeMount> {
  if (option === 'ro') return { readonly: true };
  if (option === 'rw') return { readonly: false };
  if (option === 'nocopy') return { nocopy: true };
  throw new DomainError('unsupported', `Unknown option "${option}" of volume "${text}"`);
}

function volumeOption(option: string, text: string): Draft<Mount> {
  if (option === 'ro') return { readonly: true };
  if (option === 'rw') return { readonly: false };
  if (option === 'rro') return { readonly: true, recursive_read_only: true };
  const propagation = propagations[option];
  if (propagation !== undefined) return { propagation };
  throw new DomainError('unsupported', `Unknown option "${option}" of volume "${text}"`);
}

const mountKeys = (
  'type source src destination dst target readonly ro bind-propagation bind-recursive ' +
  'tmpfs-size tmpfs-mode volume-nocopy'
).split(' ');

/** `--mount type=bind,source=/a,target=/b[,readonly]`; `type=tmpfs`; `type=volume,source=name`. */
export function parseMount(text: string): ParsedMount {
  const fields = new Map<string, string>();
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    const key = at < 0 ? part : part.slice(0, at);
    if (!mountKeys.includes(key)) throw unknownKey(key, text);
    fields.set(key, at < 0 ? 'true' : part.slice(at + 1));
  }
  const target = fields.get('target') ?? fields.get('destination') ?? fields.get('dst');
  if (target === undefined) throw new DomainError('invalid', `Mount "${text}" has no target`);
  const type = fields.get('type') ?? 'volume';
  if (type === 'tmpfs') return { tmpfs: { path: target, options: tmpfsOptions(fields) } };
  if (type === 'volume') return { volume: volumeMount(fields, target) };
  if (type !== 'bind') {
    throw new DomainError('unsupported', `Mount type "${type}": bind, tmpfs or volume`);
  }
  return { mount: bindMount(fields, { target, text }) };
}

function unknownKey(key: string, text: string): DomainError {
  const guess = nearest(key, mountKeys);
  const hint = guess === undefined ? '' : `; did you mean "${guess}"?`;
  return new DomainError('invalid', `Unknown key "${key}" in mount "${text}"${hint}`);
}

function bindMount(
  fields: ReadonlyMap<string, string>,
  { target, text }: { target: string; text: string },
): Draft<Mount> {
  const source = fields.get('source') ?? fields.get('src');
  if (source === undefined || !source.startsWith('/')) {
    throw new DomainError('invalid', `Mount "${text}" needs an absolute source`);
  }
  const word = fields.get('bind-propagation') ?? 'rprivate';
  const propagation = propagations[word];
  if (propagation === undefined) {
    throw new DomainError('invalid', `Unknown propagation "${word}" in mount "${text}"`);
  }
  const readonly = isTrue(fields.get('readonly') ?? fields.get('ro'));
  const recursive = fields.get('bind-recursive') === 'readonly';
  return {
    host_path: source,
    container_path: target,
    readonly,
    propagation,
    recursive_read_only: recursive,
  };
}

function volumeMount(fields: ReadonlyMap<string, string>, path: string): Draft<VolumeMount> {
  return {
    name: fields.get('source') ?? fields.get('src') ?? '',
    path,
    readonly: isTrue(fields.get('readonly') ?? fields.get('ro')),
    nocopy: isTrue(fields.get('volume-nocopy')),
  };
}

function isTrue(text: string | undefined): boolean {
  return text === 'true' || text === '1';
}

function tmpfsOptions(fields: ReadonlyMap<string, string>): string[] {
  const size = fields.get('tmpfs-size');
  const mode = fields.get('tmpfs-mode');
  return [
    ...(size === undefined ? [] : [`size=${parseSize(size, 'tmpfs-size')}`]),
    ...(mode === undefined ? [] : [`mode=${mode}`]),
    ...(isTrue(fields.get('readonly') ?? fields.get('ro')) ? ['ro'] : []),
  ];
}

/** `--tmpfs /path[:size=64m,mode=700]`. */
export function parseTmpfs(text: string): Draft<Tmpfs> {
  const at = text.indexOf(':');
  if (at < 0) return { path: text, options: [] };
  const options = text.slice(at + 1).split(',');
  return { path: text.slice(0, at), options: options.filter((option) => option !== '') };
}

/** `--device /dev/host[:/dev/container][:rwm]`. */
export function parseDevice(text: string): Draft<Device> {
  const [host = '', second, third] = text.split(':');
  if (!host.startsWith('/')) {
    throw new DomainError('invalid', `Invalid device "${text}": it is HOST[:CONTAINER][:rwm]`);
  }
  const permissions = third ?? (second !== undefined && /^[rwm]+$/.test(second) ? second : 'rwm');
  const container = second?.startsWith('/') === true ? second : host;
  return { host_path: host, container_path: container, permissions };
}

const rlimits = (
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending ' +
  'stack'
).split(' ');

/** `--ulimit nofile=1024[:2048]`; -1 and unlimited are "no limit". */
export function parseUlimit(text: string): { type: string; soft: bigint; hard: bigint } {
  const [, name = '', soft = '', hard = soft] = /^(\w+)=([^:]+)(?::(.+))?$/.exec(text) ?? [];
  if (name === '')
    throw new DomainError('invalid', `Invalid ulimit "${text}": it is NAME=SOFT[:HARD]`);
  if (!rlimits.includes(name)) {
    const guess = nearest(name, rlimits);
    const hint = guess === undefined ? '' : `; did you mean "${guess}"?`;
    throw new DomainError('invalid', `Unknown ulimit "${name}"${hint}`);
  }
  const limits = { soft: ulimitValue(soft, text), hard: ulimitValue(hard, text) };
  if (limits.soft > limits.hard) {
    throw new DomainError('invalid', `Ulimit "${text}": the soft limit is above the hard one`);
  }
  return { type: `RLIMIT_${name.toUpperCase()}`, ...limits };
}

/** RLIM_INFINITY is the highest number of 64 bits. */
function ulimitValue(text: string, whole: string): bigint {
  if (text === '-1' || text === 'unlimited') return 2n ** 64n - 1n;
  if (/^\d+$/.test(text)) return BigInt(text);
  throw new DomainError('invalid', `Invalid number in ulimit "${whole}"`);
}
