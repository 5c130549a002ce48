import { DomainError, hasCode, messageOf } from '../../base/error.ts';
import { shortened } from '../digest.ts';
import { isJsonObject } from '../json.ts';
import { readBody } from './read-body.ts';
import type { HttpResponse } from './transport.ts';

/** What a request was about, in the words of the message when it fails. */
export interface Subject {
  /** `docker.io/library/busybox:latest`. */
  readonly name: string;
  readonly action: 'pull' | 'push';
}

/** The registry is the reason, not the image: another one, or later the same, may answer. */
export class RegistryUnavailable extends DomainError {
  constructor(message: string) {
    super('unavailable', message);
  }
}

/** Turns a response that is not a success into the DomainError that tells what a person can do. */
export async function errorOfResponse(
  response: HttpResponse,
  subject: Subject,
  secrets: readonly string[],
): Promise<DomainError> {
  const report = await readReport(response);
  const words = redacted(report.message, secrets);
  const said = words === '' ? '' : ` (${words})`;
  const { status } = response;
  const isUnknown = status === 404 && report.code !== 'DENIED' && report.code !== 'UNAUTHORIZED';
  if (isUnknown) {
    return new DomainError('notFound', `"${subject.name}" is not found in ${response.url.host}`);
  }
  if (status === 401 || status === 403 || status === 404) return denied(subject, said);
  if (status === 429) {
    return new RegistryUnavailable(`${response.url.host} allows no more requests now${said}`);
  }
  const answer = `${response.url.host} answered ${status} for "${subject.name}"${said}`;
  return status >= 500 ? new RegistryUnavailable(answer) : new DomainError('invalid', answer);
}

/** Docker's words, which people search for. */
export function denied({ action, name }: Subject, said = ''): DomainError {
  const reason = 'repository does not exist or may require authorization';
  return new DomainError('denied', `${action} access denied for "${name}", ${reason}${said}`);
}

/** A request that got no answer at all. */
export function unreachable(host: string, error: unknown): DomainError {
  return new RegistryUnavailable(`Registry "${host}" is unreachable: ${reasonOf(error)}`);
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up now',
  UND_ERR_CONNECT_TIMEOUT: 'no answer to the connection',
  UND_ERR_HEADERS_TIMEOUT: 'no answer to the request',
  UND_ERR_BODY_TIMEOUT: 'the transfer stalled',
  UND_ERR_HEADERS_OVERFLOW: 'the headers are too large',
  UND_ERR_SOCKET: 'connection closed',
  EPROTO: 'it does not speak TLS; plain HTTP needs plainHttp in the configuration',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'it does not speak TLS; plain HTTP needs plainHttp in the configuration',
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    'it does not speak TLS; plain HTTP needs plainHttp in the configuration',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an unknown authority',
  CERT_HAS_EXPIRED: 'its certificate has expired',
};

/** One line for a failed connection, without addresses of other hosts or query texts. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another name';
  return reasons[code] ?? (code === '' ? shortened(messageOf(error), 200) : code);
}

/** True when nobody listens, or what listens is not what was hoped for: another server may do. */
export function isConnectionError(error: unknown): boolean {
  if (error instanceof DomainError) return error.kind === 'unavailable';
  return codeOf(error) !== '' && !hasCode(error, 'ABORT_ERR', 'UND_ERR_ABORTED');
}

/** True when a server on this machine may speak HTTP where TLS did not succeed. */
export function mayBePlain(error: unknown): boolean {
  return [
    'ECONNREFUSED',
    'ECONNRESET',
    'EPROTO',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_PACKET_LENGTH_TOO_LONG',
    'UND_ERR_CONNECT_TIMEOUT',
  ].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? '' : codeOf(error.cause);
}

/** The first error of a registry's report: `{"errors":[{"code":…,"message":…}]}`. */
async function readReport(response: HttpResponse): Promise<{ code: string; message: string }> {
  const nothing = { code: '', message: '' };
  try {
    const text = (await readBody(response, 64 * 1024, 'Error report')).toString('utf8');
    const document: unknown = JSON.parse(text);
    if (!isJsonObject(document) || !Array.isArray(document['errors'])) return nothing;
    const first: unknown = document['errors'][0];
    if (!isJsonObject(first)) return nothing;
    const { code, message } = first;
    return {
      code: typeof code === 'string' ? code : '',
      message: typeof message === 'string' ? shortened(message, 200) : '',
    };
  } catch {
    return nothing;
  }
}

/** A server that was given a secret may quote it. */
function redacted(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 4)
    .reduce((result, secret) => result.replaceAll(secret, '***'), text);
}
