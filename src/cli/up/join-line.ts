import { DomainError } from '../../base/error.ts';

/** What a machine needs to know to become a node of a cluster. */
export interface JoinLine {
  /** A bootstrap token: `abcdef.0123456789abcdef`. */
  readonly token: string;
  /** SHA-256 of the authority's public key, in hex, as kubeadm writes it behind `sha256:`. */
  readonly authorityHash: string;
  readonly host: string;
  readonly port: number;
}

const defaultPort = 6443;
const token = String.raw`([a-z0-9]{6}\.[a-z0-9]{16})(?::sha256:([0-9a-f]{64}))?`;
const place = String.raw`(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?`;
const pattern = new RegExp(`^${token}@${place}$`);

/**
 * `TOKEN:sha256:HASH@HOST[:PORT]`. Throws DomainError `invalid`; for a line without the hash, too:
 * whoever answers under the host's address could be the cluster.
 */
export function parseJoinLine(text: string): JoinLine {
  const [matched, secret = '', authorityHash, host = '', port] = pattern.exec(text) ?? [];
  const number = Number(port ?? defaultPort);
  if (matched === undefined || number < 1 || number > 65_535) {
    throw new DomainError('invalid', `Not TOKEN:sha256:HASH@HOST[:PORT]: "${hideSecret(text)}"`);
  }
  if (authorityHash === undefined) {
    throw new DomainError(
      'invalid',
      'The token is without the hash of the cluster\'s authority ("TOKEN:sha256:HASH@HOST"): ' +
        'take the line that `keelson token` prints on a node of the coordinator',
    );
  }
  return { token: secret, authorityHash, host: host.replace(/^\[|\]$/g, ''), port: number };
}

export function formatJoinLine({ token, authorityHash, host, port }: JoinLine): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${token}:sha256:${authorityHash}@${name}:${port}`;
}

/** The URL of the API that a line leads to. */
export function serverOf({ host, port }: JoinLine): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Messages are logged; a token's second half is nobody's business. */
function hideSecret(text: string): string {
  return text.replace(/\.[a-z0-9]{16}/g, '.****************').slice(0, 200);
}
