import { resolve } from 'node:path';
import { DomainError } from '../base/error.ts';
import type { Resources } from '../cgroup/resources.ts';
import { updateCgroup } from '../container/limit-cgroup.ts';
import type { Call } from './call.ts';
import type { Flags } from './flags.ts';
import { parseDocument, parseText } from './read-spec.ts';

/** `update [--resources FILE|-] [LIMIT…] ID`: all of the limits, or none. */
export async function update(call: Call): Promise<void> {
  const { record, status } = call.container();
  if (status === 'stopped') throw new DomainError('conflict', 'container not running');
  const resources = await resourcesOf(call);
  const spec = call.records.spec(record.id);
  const request = { cgroupPath: record.cgroupPath, spec };
  const notEnforced = await updateCgroup(call.cgroups(record.unit), request, resources);
  for (const limit of notEnforced) call.warn(`${limit}; it is not enforced`);
  const merged = mergeResources(spec.linux?.resources ?? {}, resources);
  call.records.writeSpec(record.id, { ...spec, linux: { ...spec.linux, resources: merged } });
  call.client.exit(0);
}

/** Sections are merged, so that a new quota leaves the shares as they were. */
export function mergeResources(before: Resources, change: Resources): Resources {
  return {
    ...before,
    ...change,
    ...(change.cpu === undefined ? {} : { cpu: { ...before.cpu, ...change.cpu } }),
    ...(change.memory === undefined ? {} : { memory: { ...before.memory, ...change.memory } }),
    ...(change.blockIO === undefined ? {} : { blockIO: { ...before.blockIO, ...change.blockIO } }),
  };
}

async function resourcesOf(call: Call): Promise<Resources> {
  const { flags } = call.line;
  const file = flags.text('resources') ?? '';
  if (file === '') return resourcesOfFlags(flags);
  const document =
    file === '-'
      ? parseText('stdin', await call.client.input())
      : parseDocument(resolve(call.request.cwd, file));
  // A runtime changes who may use a device only when it is asked to, by a list of its own.
  return document as Resources;
}

const unsupported = [
  'cpu-rt-period',
  'cpu-rt-runtime',
  'kernel-memory',
  'kernel-memory-tcp',
  'l3-cache-schema',
  'mem-bw-schema',
];

export function resourcesOfFlags(flags: Flags): Resources {
  for (const name of unsupported) {
    const value = flags.text(name) ?? '';
    if (value === '' || value === '0') continue;
    throw new DomainError('unsupported', `--${name}: cgroup v2 has no such limit`);
  }
  const weight = flags.number('blkio-weight');
  const pids = flags.number('pids-limit');
  return {
    cpu: present({
      period: flags.number('cpu-period'),
      quota: flags.number('cpu-quota'),
      burst: flags.number('cpu-burst'),
      shares: flags.number('cpu-share'),
      idle: flags.number('cpu-idle'),
      cpus: flags.text('cpuset-cpus'),
      mems: flags.text('cpuset-mems'),
    }),
    memory: present({
      limit: bytesOf(flags, 'memory'),
      reservation: bytesOf(flags, 'memory-reservation'),
      swap: bytesOf(flags, 'memory-swap'),
    }),
    ...(weight === undefined ? {} : { blockIO: { weight } }),
    ...(pids === undefined ? {} : { pids: { limit: pids } }),
  };
}

type Present<Values> = { [Key in keyof Values]?: Exclude<Values[Key], undefined> };

function present<Values extends object>(values: Values): Present<Values> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Present<Values>;
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
};

/** `512m`, `1GiB`, `-1`; as docker/go-units reads it. */
function bytesOf(flags: Flags, name: string): number | undefined {
  const text = flags.text(name) ?? '';
  if (text === '') return undefined;
  if (text === '-1') return -1;
  const match = /^(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?$/i.exec(text);
  const unit = units[(match?.[2] ?? '').toLowerCase()] ?? 1;
  if (match !== null) return Math.floor(Number(match[1]) * unit);
  throw new DomainError('invalid', `invalid value for ${name}: invalid size: '${text}'`);
}
