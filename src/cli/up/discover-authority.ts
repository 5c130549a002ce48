import { createHash, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { DomainError, messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { JoinLine } from './join-line.ts';

/**
 * The certificate of a cluster's authority in PEM, from the server itself: believed because its
 * public key has the hash that the line says. Sends nothing, the token least of all. Throws
 * DomainError `unavailable` where nobody answers, `conflict` for another authority.
 */
export async function discoverAuthority(line: JoinLine): Promise<string> {
  const { host, port, authorityHash } = line;
  const shown = await shownBy(host, port);
  const authority = shown.find((certificate) => keyHash(certificate) === authorityHash);
  if (authority !== undefined) return authority.toString();
  const last = shown.at(-1);
  const seen = last === undefined ? 'none' : `one with the hash sha256:${keyHash(last)}`;
  throw new DomainError(
    'conflict',
    `"${host}" port ${port} is not the cluster of this token: it shows ${seen}`,
  );
}

/** As `openssl x509 -pubkey | openssl pkey -pubin -outform der | sha256sum`. */
export function keyHash({ publicKey }: X509Certificate): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** The chain that a server shows, its own first. */
async function shownBy(host: string, port: number): Promise<readonly X509Certificate[]> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The authority is what is looked for: nothing can be verified before it is known.
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({ host, port, rejectUnauthorized: false, ...name }, resolve);
  socket.setTimeout(limits.clientDialMs, () => socket.destroy(new Error('no answer in time')));
  socket.once('error', reject);
  try {
    await promise;
    return chainOf(socket.getPeerX509Certificate());
  } catch (error) {
    const why = messageOf(error);
    throw new DomainError('unavailable', `Cannot reach "${host}" port ${port}: ${why}`);
  } finally {
    socket.destroy();
  }
}

function chainOf(certificate: X509Certificate | undefined): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = certificate;
  while (next !== undefined && chain.length < 10) {
    chain.push(next);
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}
