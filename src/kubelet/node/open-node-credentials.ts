import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ApiAddress } from '../../api/client/connection.ts';
import { HttpClient } from '../../api/client/http-client.ts';
import { readKubeconfig } from '../../api/client/kubeconfig.ts';
import { sleep } from '../../base/clock.ts';
import { DomainError, hasCode } from '../../base/error.ts';
import { type Credential, keepCredential, readCredential } from './certificate/credential-file.ts';
import { requestCertificate } from './certificate/request-certificate.ts';
import { readCertificate } from './certificate/write-certificate.ts';
import { writeKubeconfig } from './certificate/write-kubeconfig.ts';
import { Complaints } from './complaints.ts';
import type { CredentialOptions, NodeCredentials } from './node-options.ts';
import { retryDelay } from './retry.ts';

const absentMs = 1000;
/** Timers hold no more than 24 days; and clocks are set. */
const longestWaitMs = 3600_000;
const shortestLifeMs = 60_000;

/**
 * The kubelet's identity: that of its kubeconfig, else a certificate asked for with the bootstrap
 * kubeconfig, for which it waits as long as that takes. Throws `unavailable` when the signal ends
 * the wait, `invalid` for a kubeconfig that cannot be read.
 */
export async function openNodeCredentials(options: CredentialOptions): Promise<NodeCredentials> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  await mkdir(dirname(options.kubeconfig), { recursive: true });
  const complaints = new Complaints(options.log);
  for (let failures = 0; !options.signal.aborted; failures += 1) {
    const known = await readKnown(options);
    if (known !== undefined) return new Credentials(options, known);
    const bootstrap = await readAddress(options.bootstrapKubeconfig);
    if (bootstrap === undefined) {
      const path = JSON.stringify(options.bootstrapKubeconfig ?? options.kubeconfig);
      complaints.about('joining the cluster', new Error(`waiting for ${path}`));
      await sleep(options.clock, absentMs, options.signal);
      continue;
    }
    try {
      await obtain(options, bootstrap);
      await writeKubeconfig(options.kubeconfig, bootstrap, pathOf(options));
      options.log.info(`joined the cluster at ${bootstrap.server} as node "${options.name}"`);
    } catch (error) {
      complaints.about('joining the cluster', error);
      await sleep(options.clock, retryDelay(failures), options.signal);
    }
  }
  throw new DomainError('unavailable', 'The kubelet was ended before it joined a cluster');
}

function pathOf({ folder }: CredentialOptions): string {
  return join(folder, 'kubelet-client-current.pem');
}

/**
 * What the kubeconfig says, with the newest certificate of ours; undefined where it leads to one
 * that is over or gone and there may be another.
 */
async function readKnown(options: CredentialOptions): Promise<ApiAddress | undefined> {
  const { bootstrapKubeconfig, kubeconfig, name } = options;
  const own = await readCredential(pathOf(options));
  const isOurs = readCertificate(own?.certificate ?? '')?.subject.includes(`system:node:${name}`);
  let address: ApiAddress | undefined;
  try {
    address = await readAddress(kubeconfig);
  } catch (error) {
    if (bootstrapKubeconfig === undefined) throw error;
    return undefined;
  }
  if (address?.certificate === undefined) return address;
  if (own !== undefined && isOurs === true) return { ...address, ...own };
  const end = readCertificate(address.certificate)?.validToDate.getTime() ?? 0;
  return end > Date.now() || bootstrapKubeconfig === undefined ? address : undefined;
}

async function readAddress(path: string | undefined): Promise<ApiAddress | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readKubeconfig(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function obtain(options: CredentialOptions, address: ApiAddress): Promise<Credential> {
  const { clock, name, folder, signal } = options;
  const keyPath = join(folder, 'kubelet-client.key.tmp');
  await using client = new HttpClient(address, 'kubelet');
  const credential = await requestCertificate({
    client,
    clock,
    signal,
    subject: { commonName: `system:node:${name}`, organization: 'system:nodes', names: [] },
    signer: 'kube-apiserver-client-kubelet',
    keyPath,
  });
  await keepCredential(pathOf(options), credential, keyPath);
  return credential;
}

class Credentials implements NodeCredentials {
  readonly #options: CredentialOptions;
  readonly #complaints: Complaints;
  readonly #listeners: ((address: ApiAddress) => void)[] = [];
  readonly #end = new AbortController();
  #address: ApiAddress;

  constructor(options: CredentialOptions, address: ApiAddress) {
    this.#options = options;
    this.#complaints = new Complaints(options.log);
    this.#address = address;
    if (options.rotates && address.certificate !== undefined) void this.#rotate();
  }

  get address(): ApiAddress {
    return this.#address;
  }

  onRenewal(renewed: (address: ApiAddress) => void): void {
    this.#listeners.push(renewed);
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }

  /** Never rejects; the certificate in use stays until there is another. */
  async #rotate(): Promise<void> {
    const { clock, signal: outer } = this.#options;
    const signal = AbortSignal.any([this.#end.signal, outer]);
    let failures = 0;
    let at = renewalTime(this.#address);
    while (!signal.aborted) {
      const left = at - clock.now();
      if (left > 0) {
        await sleep(clock, Math.min(left, longestWaitMs), signal);
        continue;
      }
      try {
        const options = { ...this.#options, signal };
        const credential = await obtain(options, this.#address);
        this.#address = { ...this.#address, ...credential };
        this.#listeners.forEach((listener) => listener(this.#address));
        this.#complaints.over('renewing the client certificate');
        failures = 0;
        // A clock that is far ahead must not ask without end.
        at = Math.max(renewalTime(this.#address), clock.now() + shortestLifeMs);
      } catch (error) {
        if (signal.aborted) return;
        this.#complaints.about('renewing the client certificate', error);
        failures += 1;
        at = clock.now() + retryDelay(failures);
      }
    }
  }
}

/** Between 70 and 90 percent of its life, so that a cluster's nodes do not ask all at once. */
function renewalTime({ certificate = '' }: ApiAddress): number {
  const parsed = readCertificate(certificate);
  if (parsed === undefined) return 0;
  const [from, to] = [parsed.validFromDate.getTime(), parsed.validToDate.getTime()];
  return from + (to - from) * (0.7 + Math.random() * 0.2);
}
