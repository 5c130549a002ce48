import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { DomainError } from '../../base/error.ts';
import { safeBytes } from './encode-answer.ts';
import { type ForeignAnswer, isAnswerTo, isTruncated, readAnswer } from './foreign-answer.ts';
import { headerBytes, headerFlag, type Query } from './message.ts';

export interface Upstream {
  readonly address: string;
  readonly port: number;
}

/**
 * Asks one server, over TCP where UDP is too small. Each question has a socket of its own, for
 * which the kernel chooses a port at random, and a random number: an answer that was not asked for
 * is passed over, whoever sends it. Throws DomainError `timeout`, `unavailable` or `invalid`.
 */
export async function askUpstream(
  upstream: Upstream,
  query: Query,
  { signal, answerMs }: { readonly signal: AbortSignal; readonly answerMs: number },
): Promise<ForeignAnswer> {
  const id = randomInt(0x10000);
  const message = encodeQuery(query, id);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const accept = (bytes: Buffer): boolean => isAnswerTo(bytes, query, id);
  const bytes = await overUdp(upstream, message, { accept, deadline });
  if (!isTruncated(bytes)) return readAnswer(bytes);
  return readAnswer(await overTcp(upstream, message, { accept, deadline }));
}

/** With the client's wish for DNSSEC, and our own size. */
function encodeQuery({ flags, question, extension }: Query, id: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(id, 0);
  const kept = flags & (headerFlag.checkingDisabled | headerFlag.authenticData);
  header.writeUInt16BE(headerFlag.recursionDesired | kept, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(1, 10);
  const option = Buffer.alloc(11);
  option.writeUInt16BE(41, 1);
  option.writeUInt16BE(safeBytes, 3);
  option.writeUInt16BE(extension?.dnssec === true ? 0x8000 : 0, 7);
  return Buffer.concat([header, question, option]);
}

interface Exchange {
  readonly accept: (bytes: Buffer) => boolean;
  readonly deadline: AbortSignal;
}

async function overUdp(
  { address, port }: Upstream,
  message: Buffer,
  { accept, deadline }: Exchange,
): Promise<Buffer> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const expire = (): void => reject(noAnswer(address));
  socket.on('error', (cause) => reject(unreachable(address, cause)));
  socket.on('message', (bytes) => {
    if (accept(bytes)) resolve(bytes);
  });
  deadline.addEventListener('abort', expire, { once: true });
  try {
    // Connected: the kernel passes on what comes from there alone, and errors of ICMP.
    socket.connect(port, address, () => {
      socket.send(message, (error) => {
        if (error !== null) reject(unreachable(address, error));
      });
    });
    if (deadline.aborted) expire();
    return await promise;
  } finally {
    deadline.removeEventListener('abort', expire);
    socket.close();
  }
}

async function overTcp(
  { address, port }: Upstream,
  message: Buffer,
  { accept, deadline }: Exchange,
): Promise<Buffer> {
  const socket = connect({ host: address, port });
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const expire = (): void => reject(noAnswer(address));
  let received = Buffer.alloc(0);
  socket.on('error', (cause) => reject(unreachable(address, cause)));
  socket.on('close', () => reject(unreachable(address, undefined)));
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    const length = received.length < 2 ? Number.POSITIVE_INFINITY : received.readUInt16BE(0);
    if (received.length < 2 + length) return;
    const answer = received.subarray(2, 2 + length);
    if (accept(answer)) resolve(answer);
    else reject(unreachable(address, undefined));
  });
  deadline.addEventListener('abort', expire, { once: true });
  try {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
    if (deadline.aborted) expire();
    return await promise;
  } finally {
    deadline.removeEventListener('abort', expire);
    socket.destroy();
  }
}

function noAnswer(address: string): DomainError {
  return new DomainError('timeout', `DNS server ${address} does not answer`);
}

function unreachable(address: string, cause: unknown): DomainError {
  return new DomainError('unavailable', `DNS server ${address} cannot be asked`, { cause });
}
