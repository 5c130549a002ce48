import { own } from '../base/own.ts';
import { mountAttribute as attribute, propagationFlag as flag } from '../kernel/flag.ts';

/** A mount's options, sorted by what the kernel is told with them. */
export interface MountOptions {
  /** MOUNT_ATTR_* for the mount alone, and for all below (rro and the like). */
  set: number;
  clear: number;
  recursiveSet: number;
  recursiveClear: number;
  /** MS_* or 0; of the mount, or of all below. */
  propagation: number;
  recursivePropagation: number;
  bind: boolean;
  recursive: boolean;
  idmap: 'none' | 'idmap' | 'ridmap';
  copyUp: boolean;
  /** For the file system itself: `size=64m`, or a word. */
  readonly data: (readonly [key: string, value: string | undefined])[];
}

type Change = readonly [set: number, clear: number];

const atime = attribute.atimeMask;

/** Each also exists with `r` in front: for everything mounted below as well. */
const attributes: Readonly<Record<string, Change>> = {
  ro: [attribute.readonly, 0],
  rw: [0, attribute.readonly],
  nosuid: [attribute.nosuid, 0],
  suid: [0, attribute.nosuid],
  nodev: [attribute.nodev, 0],
  dev: [0, attribute.nodev],
  noexec: [attribute.noexec, 0],
  exec: [0, attribute.noexec],
  nodiratime: [attribute.nodiratime, 0],
  diratime: [0, attribute.nodiratime],
  relatime: [attribute.relatime, atime],
  norelatime: [0, 0],
  noatime: [attribute.noatime, atime],
  atime: [attribute.relatime, atime],
  strictatime: [attribute.strictatime, atime],
  nostrictatime: [attribute.relatime, atime],
  nosymfollow: [attribute.nosymfollow, 0],
  symfollow: [0, attribute.nosymfollow],
};

const propagations: Readonly<Record<string, number>> = {
  private: flag.private,
  slave: flag.slave,
  shared: flag.shared,
  unbindable: flag.unbindable,
};

/** Words of fstab that ask for what holds anyway. */
const ignored = new Set(['defaults', 'auto', 'noauto', 'user', 'nouser', '_netdev', 'loud', '']);

/** All words that mean something here, for `features`; others go to the file system itself. */
export function mountWords(): string[] {
  const words = [...Object.keys(attributes), ...Object.keys(propagations)];
  const all = words.flatMap((word) => [word, `r${word}`]);
  const rest = [...ignored].filter((word) => word !== '' && !word.startsWith('_'));
  return [...all, ...rest, 'bind', 'rbind', 'idmap', 'ridmap', 'tmpcopyup'].toSorted();
}

export function parseMountOptions(options: readonly string[]): MountOptions {
  const parsed: MountOptions = {
    set: 0,
    clear: 0,
    recursiveSet: 0,
    recursiveClear: 0,
    propagation: 0,
    recursivePropagation: 0,
    bind: false,
    recursive: false,
    idmap: 'none',
    copyUp: false,
    data: [],
  };
  for (const option of options) applyOption(parsed, option);
  return parsed;
}

function applyOption(parsed: MountOptions, option: string): void {
  const plain = own(attributes, option);
  const below = option.startsWith('r') ? option.slice(1) : '';
  const recursive = own(attributes, below);
  const propagation = own(propagations, option) ?? 0;
  const recursivePropagation = own(propagations, below);
  if (plain !== undefined) apply(parsed, plain);
  else if (recursive !== undefined) applyRecursive(parsed, recursive);
  else if (propagation !== 0) parsed.propagation = propagation;
  else if (recursivePropagation !== undefined) {
    parsed.recursivePropagation = recursivePropagation;
  } else if (!applyWord(parsed, option) && !ignored.has(option)) parsed.data.push(split(option));
}

/** The later of two that contradict each other holds. */
function apply(parsed: MountOptions, [set, clear]: Change): void {
  parsed.set = (parsed.set & ~clear) | set;
  parsed.clear = (parsed.clear & ~set) | clear;
}

function applyRecursive(parsed: MountOptions, [set, clear]: Change): void {
  parsed.recursiveSet = (parsed.recursiveSet & ~clear) | set;
  parsed.recursiveClear = (parsed.recursiveClear & ~set) | clear;
}

function applyWord(parsed: MountOptions, option: string): boolean {
  if (option === 'bind' || option === 'rbind') {
    parsed.bind = true;
    parsed.recursive = option === 'rbind';
  } else if (option === 'idmap' || option === 'ridmap') parsed.idmap = option;
  else if (option === 'tmpcopyup') parsed.copyUp = true;
  else return false;
  return true;
}

function split(option: string): readonly [string, string | undefined] {
  const at = option.indexOf('=');
  return at < 0 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)];
}
