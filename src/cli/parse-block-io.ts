import { statSync } from 'node:fs';
import { DomainError, messageOf } from '../base/error.ts';
import { parseSize, parseWhole } from './parse.ts';

/** Of `run`, `create` and `update`; a device is given as `/dev/NAME:RATE`. */
export interface BlockIoFlags {
  readonly blkioWeight?: string;
  readonly deviceReadBps?: readonly string[];
  readonly deviceWriteBps?: readonly string[];
  readonly deviceReadIops?: readonly string[];
  readonly deviceWriteIops?: readonly string[];
}

/** As lines of interface files: the CRI's message has no fields for them. */
export function blockIoOf(flags: BlockIoFlags): Record<string, string> {
  const weight = flags.blkioWeight;
  const limits = [
    ...linesOf(flags.deviceReadBps, 'rbps', { flag: '--device-read-bps', rate: parseSize }),
    ...linesOf(flags.deviceWriteBps, 'wbps', { flag: '--device-write-bps', rate: parseSize }),
    ...linesOf(flags.deviceReadIops, 'riops', { flag: '--device-read-iops', rate: wholeRate }),
    ...linesOf(flags.deviceWriteIops, 'wiops', { flag: '--device-write-iops', rate: wholeRate }),
  ];
  return {
    ...(weight !== undefined && { 'io.bfq.weight': `default ${weightOf(weight)}` }),
    ...(limits.length > 0 && { 'io.max': limits.join('\n') }),
  };
}

/** The words are Docker's, and so are the bounds. */
function weightOf(text: string): number {
  const weight = parseWhole(text, '--blkio-weight');
  if (weight >= 10 && weight <= 1000) return weight;
  throw new DomainError('invalid', `--blkio-weight is from 10 to 1000, not "${text}"`);
}

interface Rates {
  readonly flag: string;
  readonly rate: (text: string, flag: string) => number;
}

function linesOf(values: readonly string[] = [], key: string, { flag, rate }: Rates): string[] {
  return values.map((value) => {
    const at = value.lastIndexOf(':');
    if (at <= 0) throw new DomainError('invalid', `${flag} takes DEVICE:RATE, not "${value}"`);
    const number = rate(value.slice(at + 1), flag);
    // Zero lifts a limit, in Docker's words; the kernel has another one for it.
    return `${deviceOf(value.slice(0, at), flag)} ${key}=${number === 0 ? 'max' : number}`;
  });
}

function wholeRate(text: string, flag: string): number {
  return parseWhole(text, flag);
}

/** `MAJOR:MINOR`, from the bits of Linux's dev_t. */
function deviceOf(path: string, flag: string): string {
  try {
    const file = statSync(path);
    if (!file.isBlockDevice()) throw new DomainError('invalid', 'it is no block device');
    const device = BigInt(file.rdev);
    const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
    const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
    return `${major}:${minor}`;
  } catch (cause) {
    const text = `${flag}: cannot limit "${path}": ${messageOf(cause)}`;
    throw new DomainError('invalid', text, { cause });
  }
}
