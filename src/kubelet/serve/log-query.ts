import { parseTime } from '../../base/container-log/log-line.ts';
import { Refusal } from './refusal.ts';

/** What of a log is asked for, and how. */
export interface LogQuery {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly stream: 'All' | 'Stdout' | 'Stderr';
  /** 0 for all. */
  readonly sinceNs: bigint;
  readonly tailLines?: number;
  readonly limitBytes?: number;
}

/** Reads the parameters of `containerLogs`. */
export function readLogQuery(query: URLSearchParams, nowMs: number): LogQuery {
  const tailLines = naturalIn(query, 'tailLines', 0);
  const limitBytes = naturalIn(query, 'limitBytes', 1);
  const stream = query.get('stream') ?? 'All';
  if (stream !== 'All' && stream !== 'Stdout' && stream !== 'Stderr') {
    throw invalid('stream', stream, 'must be All, Stdout or Stderr');
  }
  return {
    follow: flagIn(query, 'follow'),
    previous: flagIn(query, 'previous'),
    timestamps: flagIn(query, 'timestamps'),
    stream,
    sinceNs: sinceOf(query, nowMs),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
  };
}

function sinceOf(query: URLSearchParams, nowMs: number): bigint {
  const seconds = naturalIn(query, 'sinceSeconds', 1);
  const time = query.get('sinceTime') ?? '';
  if (seconds !== undefined && time !== '') {
    throw invalid('sinceSeconds', seconds, 'at most one of sinceTime or sinceSeconds');
  }
  if (seconds !== undefined)
    return BigInt(Math.trunc(nowMs)) * 1_000_000n - BigInt(seconds) * 1_000_000_000n;
  if (time === '') return 0n;
  const ns = parseTime(time);
  if (ns === undefined) throw invalid('sinceTime', time, 'must be a time of RFC 3339');
  return ns;
}

function flagIn(query: URLSearchParams, name: string): boolean {
  const word = query.get(name);
  // As the API's own conversion reads a flag of a query.
  return word !== null && word !== '0' && word.toLowerCase() !== 'false';
}

function naturalIn(query: URLSearchParams, name: string, least: number): number | undefined {
  const word = query.get(name) ?? '';
  if (word === '') return undefined;
  const number = /^\d{1,15}$/.test(word) ? Number(word) : -1;
  if (number >= least) return number;
  throw invalid(name, word, `must be a whole number of at least ${least}`);
}

function invalid(name: string, value: string | number, words: string): Refusal {
  return new Refusal(422, `${name}: Invalid value: ${JSON.stringify(value)}: ${words}`);
}
