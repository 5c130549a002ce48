import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { durationMs } from '../../base/duration.ts';
import { DomainError } from '../../base/error.ts';
import type { RuntimeConfig } from '../config.ts';

export interface StreamingSettings {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** A connection on which nothing comes and goes for so long is ended. */
  readonly idleMs: number;
  /** Without it, plain HTTP. */
  readonly tls?: TlsSettings;
}

export interface TlsSettings {
  readonly certificate: Buffer;
  readonly key: Buffer;
  /** Clients need a certificate that this one signed. */
  readonly clientAuthority?: Buffer;
}

type StreamingConfig = Pick<
  RuntimeConfig,
  | 'streamingAddress'
  | 'streamingIdleTimeout'
  | 'streamingCertificate'
  | 'streamingKey'
  | 'streamingClientAuthority'
>;

/** Throws DomainError `invalid`, naming the key, for what does not fit together. */
export async function streamingSettings(config: StreamingConfig): Promise<StreamingSettings> {
  const address = parseAddress(config.streamingAddress);
  const tls = await readTls(config);
  const idleMs = idleTimeOf(config.streamingIdleTimeout);
  return { ...address, idleMs, ...(tls === undefined ? {} : { tls }) };
}

function parseAddress(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(text.slice(colon + 1));
  const refuse = (why: string): never => {
    throw new DomainError('invalid', `"streaming.address" is "${text}": ${why}`);
  };
  if (isIP(host) === 0) refuse('no IP address');
  if (port > 65_535) refuse('no port');
  // Clients are given a URL with it.
  if (/^[0:.]+$/.test(host)) refuse("clients need an address that is a single machine's");
  return { host, port };
}

async function readTls(config: StreamingConfig): Promise<TlsSettings | undefined> {
  const { streamingCertificate, streamingKey, streamingClientAuthority } = config;
  if (streamingCertificate === '' && streamingKey === '' && streamingClientAuthority === '') {
    return undefined;
  }
  if (streamingCertificate === '' || streamingKey === '') {
    const keys = '"streaming.certificate" and "streaming.key"';
    throw new DomainError('invalid', `TLS for streaming needs both ${keys}`);
  }
  const certificate = await read('streaming.certificate', streamingCertificate);
  const key = await read('streaming.key', streamingKey);
  if (streamingClientAuthority === '') return { certificate, key };
  const clientAuthority = await read('streaming.clientAuthority', streamingClientAuthority);
  return { certificate, key, clientAuthority };
}

async function read(key: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DomainError('invalid', `Cannot read "${key}"`, { cause });
  }
}

function idleTimeOf(text: string): number {
  const ms = durationMs(text) ?? NaN;
  // What Node's timers take.
  if (ms > 0 && ms <= 0x7fffffff) return ms;
  throw new DomainError('invalid', `"streaming.idleTimeout" is "${text}", not 1s to 24d in hours`);
}

/** Whether an address can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}
