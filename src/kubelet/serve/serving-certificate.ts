import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiClient } from '../../api/client/client.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import {
  type Credential,
  keepCredential,
  readCredential,
} from '../node/certificate/credential-file.ts';
import { requestCertificate } from '../node/certificate/request-certificate.ts';
import {
  keyText,
  makeKey,
  readCertificate,
  writeSelfSigned,
} from '../node/certificate/write-certificate.ts';
import { Complaints } from '../node/complaints.ts';
import { retryDelay } from '../node/retry.ts';

export interface ServingOptions {
  readonly configuration: KubeletConfiguration;
  readonly client: ApiClient | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly folder: string;
  readonly name: string;
  /** The cluster's, in PEM: a certificate that another one has signed is of a cluster of before. */
  readonly authority?: string | undefined;
  /** The node's of now: a node that has changed them needs another certificate. */
  readonly addresses: () => readonly string[];
}

const lifetimeMs = 365 * 24 * 3600 * 1000;
const lookMs = 60_000;

/** What the kubelet shows its clients: given, its own, or signed by the cluster. */
export class ServingCertificate implements Disposable {
  readonly #options: ServingOptions;
  readonly #end = new AbortController();
  readonly #listeners: ((credential: Credential) => void)[] = [];
  readonly #complaints: Complaints;
  #credential: Credential;

  private constructor(options: ServingOptions, credential: Credential) {
    this.#options = options;
    this.#credential = credential;
    this.#complaints = new Complaints(options.log);
  }

  static async open(options: ServingOptions): Promise<ServingCertificate> {
    const { tlsCertFile, tlsPrivateKeyFile, serverTLSBootstrap } = options.configuration;
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    if (tlsCertFile !== '') {
      const certificate = await readFile(tlsCertFile, 'utf8');
      const key = await readFile(tlsPrivateKeyFile, 'utf8');
      return new ServingCertificate(options, { certificate, key });
    }
    const signed = serverTLSBootstrap ? await readSigned(options) : undefined;
    const first = signed ?? (await ownCredential(options));
    const serving = new ServingCertificate(options, first);
    const { client } = options;
    if (serverTLSBootstrap && client !== undefined) void serving.#bootstrap(client, signed);
    return serving;
  }

  get credential(): Credential {
    return this.#credential;
  }

  onRenewal(renewed: (credential: Credential) => void): void {
    this.#listeners.push(renewed);
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }

  /** Never rejects; what is shown stays until there is something better. */
  async #bootstrap(client: ApiClient, signed: Credential | undefined): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#end;
    let [current, failures] = [signed, 0];
    while (!signal.aborted) {
      if (current !== undefined && fits(current, this.#options, clock.now())) {
        await sleep(clock, lookMs, signal);
        continue;
      }
      try {
        current = await this.#request(client, signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#complaints.about('asking for a serving certificate', error);
        failures += 1;
        await sleep(clock, retryDelay(failures), signal);
      }
    }
  }

  async #request(client: ApiClient, signal: AbortSignal): Promise<Credential> {
    const { clock, name, folder } = this.#options;
    const keyPath = join(folder, 'kubelet-server.key.tmp');
    const credential = await requestCertificate({
      client,
      clock,
      signal,
      subject: {
        commonName: `system:node:${name}`,
        organization: 'system:nodes',
        names: namesOf(this.#options),
      },
      signer: 'kubelet-serving',
      keyPath,
    });
    await keepCredential(signedPath(this.#options), credential, keyPath);
    this.#credential = credential;
    this.#listeners.forEach((listener) => listener(credential));
    this.#complaints.over('asking for a serving certificate');
    return credential;
  }
}

async function readSigned(options: ServingOptions): Promise<Credential | undefined> {
  const kept = await readCredential(signedPath(options));
  const { authority } = options;
  if (kept === undefined || authority === undefined) return kept;
  const issuer = readCertificate(authority);
  const isOurs =
    issuer !== undefined && readCertificate(kept.certificate)?.verify(issuer.publicKey);
  return isOurs === true ? kept : undefined;
}

function signedPath({ folder }: ServingOptions): string {
  return join(folder, 'kubelet-server-current.pem');
}

/** Kept, so that clients that trust it once need not again. */
async function ownCredential(options: ServingOptions): Promise<Credential> {
  const path = join(options.folder, 'kubelet.pem');
  const kept = await readCredential(path);
  if (kept !== undefined && fits(kept, options, options.clock.now())) return kept;
  const key = await makeKey();
  const subject = { commonName: options.name, organization: '', names: namesOf(options) };
  const certificate = writeSelfSigned(subject, key, lifetimeMs);
  const made = { certificate, key: keyText(key) };
  await keepCredential(path, made, `${path}.none`);
  return made;
}

function namesOf({ name, addresses }: ServingOptions): readonly string[] {
  return [name, ...addresses()];
}

/** It has every name of the node, and a fifth of its life is left. */
function fits({ certificate }: Credential, options: ServingOptions, nowMs: number): boolean {
  const parsed = readCertificate(certificate);
  if (parsed === undefined) return false;
  const [from, to] = [parsed.validFromDate.getTime(), parsed.validToDate.getTime()];
  if (nowMs > from + (to - from) * 0.8) return false;
  const { name, addresses } = options;
  const isNamed = parsed.checkHost(name) !== undefined;
  return isNamed && addresses().every((address) => parsed.checkIP(address) !== undefined);
}
