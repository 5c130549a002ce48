import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { DomainError, hasCode } from '../../base/error.ts';
import { shortened } from '../digest.ts';
import type { ImageSettings } from '../settings.ts';

/**
 * '' for a host without certificates of its own; otherwise a text that changes when they change, so
 * that a certificate put in place is used without a restart.
 */
export function certificateIdentity(host: string, settings: ImageSettings): string {
  const { caFile, clientCertFile, clientKeyFile } = settings.registries[host] ?? {};
  const folder = folderOf(host, settings.certsFolder);
  const inFolder = folder === undefined ? [] : namesIn(folder).map((name) => join(folder, name));
  const files = [caFile, clientCertFile, clientKeyFile, ...inFolder].flatMap((path) =>
    path === undefined ? [] : [`${path} ${statSync(path, { throwIfNoEntry: false })?.mtimeMs}`],
  );
  return files.length === 0 ? '' : `${host} ${files.join(' ')}`;
}

/**
 * What a TLS connection to a host trusts and shows: the system's authorities, those of the settings
 * and those of Docker's `certs.d/HOST`, and a client certificate of either.
 */
export function secureContextFor(host: string, settings: ImageSettings): SecureContext {
  const { authorities, certificate } = ownCertificates(host, settings);
  if (authorities.length === 0 && certificate === undefined) return (plain ??= trusting([]));
  return trusting(authorities, certificate);
}

interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
}

// Reading the system's authorities takes tens of milliseconds, so most hosts share one context.
let plain: SecureContext | undefined;

function trusting(authorities: readonly string[], certificate?: ClientCertificate): SecureContext {
  const known = [...getCACertificates('default'), ...getCACertificates('system')];
  try {
    return createSecureContext({ ca: [...new Set([...known, ...authorities])], ...certificate });
  } catch (cause) {
    throw new DomainError('invalid', 'A registry certificate or key is not valid PEM', { cause });
  }
}

function ownCertificates(
  host: string,
  settings: ImageSettings,
): { authorities: string[]; certificate?: ClientCertificate } {
  const folder = dockerCertificates(host, settings.certsFolder);
  const { caFile, clientCertFile, clientKeyFile } = settings.registries[host] ?? {};
  const authorities = [...folder.authorities, ...(caFile === undefined ? [] : [readPem(caFile)])];
  if (clientCertFile !== undefined && clientKeyFile !== undefined) {
    const certificate = { cert: readPem(clientCertFile), key: readPem(clientKeyFile) };
    return { authorities, certificate };
  }
  return folder.certificate === undefined
    ? { authorities }
    : { authorities, certificate: folder.certificate };
}

/** Docker's rules: `*.crt` are authorities, `NAME.cert` is a client certificate with `NAME.key`. */
function dockerCertificates(
  host: string,
  certsFolder: string,
): { authorities: string[]; certificate?: ClientCertificate } {
  const folder = folderOf(host, certsFolder);
  if (folder === undefined) return { authorities: [] };
  const names = namesIn(folder);
  const authorities = names
    .filter((name) => name.endsWith('.crt'))
    .map((name) => readPem(join(folder, name)));
  const cert = names.find((name) => name.endsWith('.cert'));
  if (cert === undefined) return { authorities };
  const key = cert.replace(/\.cert$/, '.key');
  if (!names.includes(key)) {
    throw new DomainError(
      'invalid',
      `Client certificate "${join(folder, cert)}" has no key beside it`,
    );
  }
  const certificate = { cert: readPem(join(folder, cert)), key: readPem(join(folder, key)) };
  return { authorities, certificate };
}

/** A host with a slash, or of dots alone, would name another folder. */
function folderOf(host: string, certsFolder: string): string | undefined {
  const isSafe = /^[A-Za-z0-9[][A-Za-z0-9.:[\]-]*$/.test(host);
  return isSafe && certsFolder !== '' ? join(certsFolder, host) : undefined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DomainError('invalid', `Certificate "${shortened(path)}" cannot be read`, { cause });
  }
}
