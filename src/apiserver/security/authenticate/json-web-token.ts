import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isObject, type JsonObject } from '../../../api/json.ts';
import { DomainError, hasCode } from '../../../base/error.ts';
import { limits } from '../../../base/limits.ts';
import { writeWhole } from '../../../base/state-file.ts';
import { makeKey, pemOf } from '../authority/key-pair.ts';

interface SigningKey {
  readonly id: string;
  readonly algorithm: 'ES256' | 'RS256';
  readonly secret: KeyObject;
  readonly open: KeyObject;
}

/** The keys of tokens: the first one signs, all of them are believed. */
export class TokenKeys {
  readonly #keys: readonly SigningKey[];

  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys.map(signingKey);
  }

  sign(claims: JsonObject): string {
    const [key] = this.#keys;
    if (key === undefined) throw new DomainError('invalid', 'There is no key to sign tokens with');
    const head = encode({ alg: key.algorithm, kid: key.id });
    const body = `${head}.${encode(claims)}`;
    const options = { key: key.secret, dsaEncoding: 'ieee-p1363' } as const;
    return `${body}.${sign('sha256', Buffer.from(body), options).toString('base64url')}`;
  }

  /**
   * The claims of a token that one of the keys signed; undefined for any other text. The
   * algorithm is the key's own: what the token says of it is only compared.
   */
  verify(token: string): JsonObject | undefined {
    if (token.length > limits.apiTokenBytes) return undefined;
    const parts = token.split('.');
    if (parts.length !== 3 || !parts.every((part) => /^[\w-]+$/.test(part))) return undefined;
    const [head = '', body = '', signature = ''] = parts;
    const header = decode(head);
    const key = this.#keys.find(({ id }) => id === header?.['kid']);
    if (key === undefined || header?.['alg'] !== key.algorithm) return undefined;
    const options = { key: key.open, dsaEncoding: 'ieee-p1363' } as const;
    const bytes = Buffer.from(signature, 'base64url');
    if (!verify('sha256', Buffer.from(`${head}.${body}`), options, bytes)) return undefined;
    return decode(body);
  }

  /** What others check tokens with, `/openid/v1/jwks`. */
  get webKeys(): JsonObject {
    const keys = this.#keys.map(({ id, algorithm, open }) => {
      const key = open.export({ format: 'jwk' }) as JsonObject;
      return { use: 'sig', kid: id, alg: algorithm, ...key };
    });
    return { keys };
  }
}

/** The keys in a file of PEM, one made when there is none. */
export async function openTokenKeys(path: string): Promise<TokenKeys> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (text === undefined) {
    const key = await makeKey();
    await writeWhole(path, pemOf(key));
    return new TokenKeys([key]);
  }
  const blocks = text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]+-----/g) ?? [];
  if (blocks.length === 0) throw new DomainError('invalid', `"${path}" has no private key`);
  return new TokenKeys(blocks.map((block) => privateKeyOf(block, path)));
}

function privateKeyOf(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new DomainError('invalid', `A key in "${path}" is damaged`, { cause });
  }
}

function signingKey(secret: KeyObject): SigningKey {
  const open = createPublicKey(secret);
  const bytes = open.export({ type: 'spki', format: 'der' });
  const id = createHash('sha256').update(bytes).digest('base64url');
  const curve = secret.asymmetricKeyDetails?.namedCurve;
  if (secret.asymmetricKeyType === 'rsa') return { id, algorithm: 'RS256', secret, open };
  if (curve === 'prime256v1') return { id, algorithm: 'ES256', secret, open };
  throw new DomainError('unsupported', 'Keys of tokens are RSA or of the curve P-256');
}

function encode(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): JsonObject | undefined {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as JsonObject;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
