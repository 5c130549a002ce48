import { X509Certificate } from 'node:crypto';
import { isDomainError } from '../../../base/error.ts';
import type { Authority } from './authority.ts';
import { readCredential, writeCredential } from './authority.ts';
import type { CertificatePlan, Credential } from './issue.ts';

export interface RenewalOptions {
  readonly authority: Authority;
  readonly path: string;
  readonly plan: CertificatePlan;
  /** Called with every certificate after the first. */
  readonly renewed: (credential: Credential) => void | Promise<void>;
  readonly failed: (error: unknown) => void;
}

/** Timers hold no more than 24 days; and clocks are set. */
const longestWaitMs = 3600_000;
const shortestWaitMs = 200;

/**
 * A certificate in a file that is renewed when two thirds of its life are over, at a start or
 * while running. One that another authority signed, or that lacks a name, is replaced.
 */
export class RenewedCredential implements Disposable {
  readonly #options: RenewalOptions;
  #credential: Credential;
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: RenewalOptions, credential: Credential) {
    this.#options = options;
    this.#credential = credential;
    this.#schedule();
  }

  static async open(options: RenewalOptions): Promise<RenewedCredential> {
    const kept = await readKept(options.path);
    const fits = kept !== undefined && isGood(kept, options);
    return new RenewedCredential(options, fits ? kept : await issue(options));
  }

  get credential(): Credential {
    return this.#credential;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { certificate } = this.#credential;
    const wait = renewalTime(new X509Certificate(certificate)) - Date.now();
    const bounded = Math.min(Math.max(wait, shortestWaitMs), longestWaitMs);
    this.#timer = setTimeout(() => void this.#check(), bounded);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    try {
      if (!isGood(this.#credential, this.#options)) {
        this.#credential = await issue(this.#options);
        await this.#options.renewed(this.#credential);
      }
    } catch (error) {
      this.#options.failed(error);
    }
    this.#schedule();
  }
}

async function readKept(path: string): Promise<Credential | undefined> {
  try {
    return await readCredential(path);
  } catch (error) {
    // What can be made anew is not worth failing for.
    if (isDomainError(error, 'invalid')) return undefined;
    throw error;
  }
}

async function issue({ authority, path, plan }: RenewalOptions): Promise<Credential> {
  const credential = await authority.issue(plan);
  await writeCredential(path, credential);
  return credential;
}

function isGood({ certificate }: Credential, { authority, plan }: RenewalOptions): boolean {
  const parsed = parseCertificate(certificate);
  if (parsed === undefined || !authority.hasIssued(parsed)) return false;
  if (Date.now() >= renewalTime(parsed)) return false;
  const names = new Set(
    (parsed.subjectAltName ?? '')
      .split(', ')
      .map((entry) => entry.replace(/^(DNS|IP Address):/, '').toLowerCase()),
  );
  return plan.names.every((name) => names.has(canonical(name)));
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function renewalTime({ validFromDate, validToDate }: X509Certificate): number {
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
  return from + ((to - from) * 2) / 3;
}

/** Addresses of IPv6 are listed in full. */
function canonical(name: string): string {
  if (!name.includes(':')) return name.toLowerCase();
  const [head = '', tail] = name.split('::');
  const [left, right] = [head, tail ?? ''].map((text) => text.split(':').filter(Boolean));
  if (left === undefined || right === undefined) return name;
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const all = tail === undefined ? left : [...left, ...zeros, ...right];
  return all.map((part) => Number.parseInt(part, 16).toString(16)).join(':');
}
