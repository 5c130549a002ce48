import { DomainError } from '../base/error.ts';
import { isDigest, parseDigest, shortened } from './digest.ts';
import type { Digest } from './image.ts';

/**
 * An image's name, complete: `docker.io/library/busybox:latest`. At least one of tag and digest is
 * set; with both, the digest decides what is meant.
 */
export interface Reference {
  /** `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly domain: string;
  /** `library/busybox`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

// The grammar of distribution/reference. None of these nests a repetition in another over the same
// characters, so that no name makes the expression engine backtrack for long.
const domainComponent = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])`;
const pathComponent = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const domainPattern = new RegExp(`^${host}(?::[0-9]+)?$`);
const pathPattern = new RegExp(`^${pathComponent}(?:/${pathComponent})*$`);
const tagPattern = /^\w[\w.-]{0,127}$/;

const maximumPath = 255;
// Longer than any valid name: domain, path, tag and a sha512 digest.
const maximumName = 1024;
const defaultDomain = 'docker.io';

/**
 * Parses a name as people write it, by Docker's rules: `busybox`, `user/app:1`,
 * `host:5000/app@sha256:…`.
 * A name without tag and digest gets the tag `latest`. Throws DomainError `invalid`.
 */
export function parseReference(name: string): Reference {
  const reference = parseName(name);
  if (reference.tag !== undefined || reference.digest !== undefined) return reference;
  return { ...reference, tag: 'latest' };
}

/** `docker.io/library/busybox`. */
export function repositoryOf(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The whole name with all it has: `docker.io/library/busybox:1@sha256:…`. */
export function formatReference(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${repositoryOf(reference)}${tag}${digest}`;
}

/** What Docker's users expect to read: `busybox:latest` for `docker.io/library/busybox:latest`. */
export function familiarName(full: string): string {
  const official = `${defaultDomain}/library/`;
  if (full.startsWith(official) && !full.slice(official.length).includes('/'))
    return full.slice(official.length);
  return full.startsWith(`${defaultDomain}/`) ? full.slice(defaultDomain.length + 1) : full;
}

function parseName(name: string): Reference {
  if (name === '') throw new DomainError('invalid', 'An image name is empty');
  if (name.length > maximumName)
    throw malformed(name, `it is longer than ${maximumName} characters`);
  if (/^[0-9a-f]{64}$/.test(name)) throw malformed(name, 'it is an image id, not a name');
  const { rest: named, digest } = splitDigest(name);
  const { domain, remainder } = splitDomain(named);
  const { path, tag } = splitTag(remainder, name);
  checkParts(name, domain, path);
  return {
    domain,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function splitDigest(name: string): { rest: string; digest?: Digest } {
  const at = name.indexOf('@');
  if (at === -1) return { rest: name };
  const text = name.slice(at + 1);
  if (/^[A-Za-z0-9+._-]+:/.test(text))
    return { rest: name.slice(0, at), digest: digestIn(name, text) };
  throw malformed(name, 'what follows "@" is not a digest');
}

function digestIn(name: string, text: string): Digest {
  if (isDigest(text)) return text;
  try {
    return parseDigest(text);
  } catch (cause) {
    if (cause instanceof DomainError && cause.kind === 'unsupported') throw cause;
    throw malformed(name, 'what follows "@" is not a digest');
  }
}

/** The part before the first slash is a registry only if it looks like one. */
function splitDomain(name: string): { domain: string; remainder: string } {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const isDomain =
    first !== '' && (/[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first);
  if (!isDomain) return inDefaultDomain(name);
  const remainder = name.slice(slash + 1);
  if (first === defaultDomain || first === 'index.docker.io') return inDefaultDomain(remainder);
  return { domain: first, remainder };
}

function inDefaultDomain(name: string): { domain: string; remainder: string } {
  return { domain: defaultDomain, remainder: name.includes('/') ? name : `library/${name}` };
}

function splitTag(remainder: string, name: string): { path: string; tag?: string } {
  const colon = remainder.indexOf(':');
  if (colon === -1) return { path: remainder };
  const tag = remainder.slice(colon + 1);
  if (!tagPattern.test(tag)) throw malformed(name, 'its tag is not valid');
  return { path: remainder.slice(0, colon), tag };
}

function checkParts(name: string, domain: string, path: string): void {
  if (path.toLowerCase() !== path) throw malformed(name, 'repository name must be lowercase');
  if (path.length > maximumPath) {
    throw malformed(name, `repository name must not be longer than ${maximumPath} characters`);
  }
  if (!domainPattern.test(domain)) throw malformed(name, 'its registry is not a host name');
  if (!pathPattern.test(path)) throw malformed(name, 'invalid reference format');
}

function malformed(name: string, reason: string): DomainError {
  return new DomainError('invalid', `Image name "${shortened(name)}" is not valid: ${reason}`);
}
