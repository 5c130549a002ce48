import { DomainError } from '../../../base/error.ts';
import { loadX509 } from '../authority/x509.ts';

/** What a certificate is asked for, from the bytes of a signing request (PKCS #10). */
export interface ParsedRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Names and addresses of a server. */
  readonly names: readonly string[];
  /** Mail addresses, URIs and other alternatives. */
  readonly hasOtherNames: boolean;
  /** Of its subject, what is neither CN nor O. */
  readonly hasOtherParts: boolean;
  /** SubjectPublicKeyInfo */
  readonly publicKey: Buffer;
}

const longestRequest = 64 * 1024;

/** Reads a request and checks its own signature. Throws DomainError `invalid`. */
export async function parseRequest(base64: string): Promise<ParsedRequest> {
  const pem = Buffer.from(base64, 'base64').toString('latin1');
  const isPem = /^\s*-----BEGIN CERTIFICATE REQUEST-----/.test(pem);
  if (!isPem || pem.length > longestRequest) {
    throw new DomainError('invalid', 'PEM block type must be CERTIFICATE REQUEST');
  }
  const x509 = await loadX509();
  const { request, parsed } = readRequest(x509, pem);
  if (!(await request.verify().catch(() => false))) {
    throw new DomainError('invalid', 'its signature is wrong');
  }
  return parsed;
}

/** The same without its signature, which anybody could have put there. */
export function readRequest(x509: X509, pem: string) {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const subject = request.subjectName;
    const names = request.extensions.flatMap((extension) =>
      extension instanceof x509.SubjectAlternativeNameExtension ? extension.names.items : [],
    );
    const parts = subject.toJSON().flatMap((part) => Object.keys(part));
    const parsed: ParsedRequest = {
      commonName: subject.getField('CN').at(-1) ?? '',
      organizations: subject.getField('O'),
      names: names.filter(({ type }) => isOfServer(type)).map(({ value }) => value),
      hasOtherNames: names.some(({ type }) => !isOfServer(type)),
      hasOtherParts: parts.some((part) => part !== 'CN' && part !== 'O'),
      publicKey: Buffer.from(request.publicKey.rawData),
    };
    return { request, parsed };
  } catch (cause) {
    throw new DomainError('invalid', 'the request is damaged', { cause });
  }
}

type X509 = Awaited<ReturnType<typeof loadX509>>;

function isOfServer(type: string): boolean {
  return type === 'dns' || type === 'ip';
}
