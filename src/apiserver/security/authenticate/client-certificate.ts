import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { groupsOfAll, type User } from '../user.ts';

/** What a connection's certificate says; `refused` is one that nobody here signed, or is over. */
export type CertificateAnswer = User | 'refused' | undefined;

interface Known {
  readonly user: User;
  readonly untilMs: number;
}

const known = new WeakMap<Socket, Known>();

/**
 * The user that a client's certificate names: CN is the name, each O a group. The certificate was
 * checked when the connection was made; its end is looked at with each request, for connections
 * live long.
 */
export function userOfCertificate(socket: Socket): CertificateAnswer {
  const before = known.get(socket);
  if (before !== undefined) return Date.now() < before.untilMs ? before.user : 'refused';
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  if (!socket.authorized) return 'refused';
  const { CN, O } = socket.getPeerCertificate().subject as Subject;
  const name = listOf(CN).at(-1) ?? '';
  const untilMs = certificate.validToDate.getTime();
  const fromMs = certificate.validFromDate.getTime();
  // A resumed session brings the verdict of its first handshake along.
  if (name === '' || Date.now() >= untilMs || Date.now() < fromMs) return 'refused';
  const groups = [...new Set([...listOf(O), groupsOfAll.authenticated])];
  const user = { name, uid: '', groups, extra: {} };
  known.set(socket, { user, untilMs });
  return user;
}

/** Node gives a list where a part of a name stands several times. */
interface Subject {
  readonly CN?: string | readonly string[];
  readonly O?: string | readonly string[];
}

function listOf(part: string | readonly string[] | undefined): readonly string[] {
  if (part === undefined) return [];
  return typeof part === 'string' ? [part] : part;
}
