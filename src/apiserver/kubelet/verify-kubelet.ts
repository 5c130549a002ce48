import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { hasCode } from '../../base/error.ts';
import type { Target } from './target.ts';

const nodePrefix = 'system:node:';

/** Node's words for a certificate that no trusted authority has signed. */
const unknownSigners: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

type Kubelet = Required<Pick<Target, 'node' | 'host'>>;

/**
 * Whether a certificate is that node's: it has the address that was dialled, or, of a node whose
 * address has just changed, its name. Nodes say themselves what they are called, so that the one
 * that asked for the certificate has to be the node as well.
 */
export function checkKubelet({ node, host }: Kubelet) {
  return (_: string, certificate: PeerCertificate): Error | undefined => {
    const holder = String(certificate.subject?.CN ?? '');
    if (holder.startsWith(nodePrefix) && holder !== nodePrefix + node) {
      return mismatch(`certificate is of ${holder}, not ${nodePrefix}${node}`);
    }
    const fits = [host, node].some((name) => checkServerIdentity(name, certificate) === undefined);
    return fits
      ? undefined
      : mismatch(`certificate is valid for ${namesOf(certificate)}${not(host)}`);
  };
}

/** As kubelets sign their certificates until the cluster has signed one. */
export function isSelfSigned(error: unknown): boolean {
  return hasCode(error, 'DEPTH_ZERO_SELF_SIGNED_CERT');
}

/** Go's words for a certificate that was not believed; undefined for any other failure. */
export function verificationWords(error: Error): string | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === mismatchCode) return words(error.message);
  if (unknownSigners.has(code)) return words(`certificate signed by unknown authority${hint}`);
  if (code !== 'CERT_HAS_EXPIRED' && code !== 'CERT_NOT_YET_VALID') return undefined;
  return words('certificate has expired or is not yet valid');
}

/** Why that mostly is, which Go does not say. */
const hint = ' (does its KubeletConfiguration say serverTLSBootstrap: true?)';

const mismatchCode = 'ERR_TLS_CERT_ALTNAME_INVALID';

function mismatch(message: string): Error {
  return Object.assign(new Error(message), { code: mismatchCode });
}

function words(what: string): string {
  return `tls: failed to verify certificate: x509: ${what}`;
}

/** `10.0.0.1, host01` */
function namesOf({ subjectaltname = '' }: PeerCertificate): string {
  const names = subjectaltname.split(', ').map((name) => name.slice(name.indexOf(':') + 1));
  return names.join(', ') || 'nothing';
}

function not(host: string): string {
  return `, not ${isIP(host) === 6 ? `[${host}]` : host}`;
}
