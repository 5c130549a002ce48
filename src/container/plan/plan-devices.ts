import { DomainError } from '../../base/error.ts';
import { own } from '../../base/own.ts';
import { operation, type Operation } from '../../kernel/operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { Device } from '../spec-linux.ts';
import type { Spec } from '../spec.ts';

/** What the specification wants in every /dev (config-linux.md, default devices). */
const defaultDevices: readonly (readonly [path: string, major: number, minor: number])[] = [
  ['/dev/null', 1, 3],
  ['/dev/zero', 1, 5],
  ['/dev/full', 1, 7],
  ['/dev/random', 1, 8],
  ['/dev/urandom', 1, 9],
  ['/dev/tty', 5, 0],
];

const links: readonly (readonly [target: string, path: string])[] = [
  ['/proc/self/fd', '/dev/fd'],
  ['/proc/self/fd/0', '/dev/stdin'],
  ['/proc/self/fd/1', '/dev/stdout'],
  ['/proc/self/fd/2', '/dev/stderr'],
  ['/proc/kcore', '/dev/core'],
  ['pts/ptmx', '/dev/ptmx'],
];

const fileType: Readonly<Record<string, number>> = {
  c: 0o20000,
  u: 0o20000,
  b: 0o60000,
  p: 0o10000,
};

/**
 * Makes the steps for later, and opens now what only the host can give: inside a user namespace no
 * device can be made, so there the host's own are bound. Nothing is made in a /dev that is the
 * host's, bound.
 */
export function planDevices(
  builder: PlanBuilder,
  spec: Spec,
  bound: boolean,
): readonly Operation[] {
  if (hasHostDev(spec)) return [];
  const own = spec.linux?.devices ?? [];
  const taken = new Set(own.map((device) => device.path));
  const standard = defaultDevices
    .filter(([path]) => !taken.has(path))
    .map(([path, major, minor]): Device => ({ type: 'c', path, major, minor }));
  const devices = [...standard, ...own].map((device) => planDevice(builder, device, bound));
  return [...devices, ...links.map(([target, path]) => operation.symlink(target, path))];
}

export function hasHostDev(spec: Spec): boolean {
  return (spec.mounts ?? []).some(
    ({ destination, type, options = [] }) =>
      /^\/dev\/?$/.test(destination) &&
      (type === 'bind' || options.includes('bind') || options.includes('rbind')),
  );
}

function planDevice(builder: PlanBuilder, device: Device, bound: boolean): Operation {
  const type = own(fileType, device.type);
  if (type === undefined) {
    throw new DomainError('invalid', `Device "${device.path}" has unknown type "${device.type}"`);
  }
  if (!device.path.startsWith('/')) {
    throw new DomainError('invalid', `Device path "${device.path}" is not absolute`);
  }
  if (bound) {
    const slot = builder.slot();
    builder.add(operation.openTree(slot, device.path, false));
    return operation.attach(slot, device.path, true);
  }
  const { major = 0, minor = 0, fileMode = 0o666, uid = 0, gid = 0 } = device;
  return operation.node(device.path, { mode: type | (fileMode & 0o7777), major, minor, uid, gid });
}
