import type { SecureContextOptions } from 'node:tls';
import type { Serving } from '../security.ts';
import type { Authority } from './authority.ts';
import type { Credential } from './issue.ts';
import { RenewedCredential } from './renewed-credential.ts';

export interface ServingOptions {
  readonly authority: Authority;
  readonly path: string;
  /** Names and addresses that the server is called by. */
  readonly names: readonly string[];
  readonly lifetimeMs: number;
  readonly failed: (error: unknown) => void;
}

/** What the server shows its clients, renewed while it runs. */
export class ServingCertificate implements Serving, Disposable {
  readonly #authority: Authority;
  readonly #credential: RenewedCredential;
  readonly #listeners: ((context: SecureContextOptions) => void)[];

  private constructor(
    authority: Authority,
    credential: RenewedCredential,
    listeners: ((context: SecureContextOptions) => void)[],
  ) {
    this.#authority = authority;
    this.#credential = credential;
    this.#listeners = listeners;
  }

  static async open(options: ServingOptions): Promise<ServingCertificate> {
    const { authority, path, names, lifetimeMs, failed } = options;
    const listeners: ((context: SecureContextOptions) => void)[] = [];
    const credential = await RenewedCredential.open({
      authority,
      path,
      plan: { commonName: 'kube-apiserver', organizations: [], names, usage: 'server', lifetimeMs },
      renewed: (renewed) => listeners.forEach((tell) => tell(contextOf(authority, renewed))),
      failed,
    });
    return new ServingCertificate(authority, credential, listeners);
  }

  get context(): SecureContextOptions {
    return contextOf(this.#authority, this.#credential.credential);
  }

  onRenewal(renewed: (context: SecureContextOptions) => void): void {
    this.#listeners.push(renewed);
  }

  [Symbol.dispose](): void {
    this.#credential[Symbol.dispose]();
  }
}

function contextOf({ certificate: ca }: Authority, { certificate: cert, key }: Credential) {
  return { ca, cert, key };
}
