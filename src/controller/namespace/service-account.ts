import { resources } from '../../api/client/resources.ts';
import { keyOf, type Stored } from '../../api/client/client.ts';
import type { Secret } from '../../api/types/generated/core-v1.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import { isEnding } from '../pod-control.ts';
import { isRefused } from '../../api/client/refusal.ts';
import type { WorkQueue } from '../work-queue.ts';

const accountName = 'default';

/** Every namespace has an account for pods that name none. */
export class ServiceAccountController implements Controller {
  readonly name = 'serviceaccount-controller';
  readonly #cluster: Cluster;
  readonly #namespaces;
  readonly #accounts;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#namespaces = cluster.informer(resources.namespaces);
    this.#accounts = cluster.informer(resources.serviceAccounts);
  }

  get needs() {
    return [this.#namespaces, this.#accounts];
  }

  watch(queue: WorkQueue): void {
    this.#namespaces.onChange((now) => (now === undefined ? undefined : queue.add(keyOf(now))));
    this.#accounts.onChange((now, before) => {
      if (now === undefined && before?.metadata.name === accountName) {
        queue.add(before.metadata.namespace ?? '');
      }
    });
  }

  async reconcile(name: string): Promise<undefined> {
    const namespace = this.#namespaces.get('', name);
    if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return;
    if (this.#accounts.get(name, accountName) !== undefined) return;
    const metadata = { namespace: name, name: accountName };
    try {
      await this.#cluster.create(resources.serviceAccounts, { metadata });
    } catch (error) {
      if (isRefused(error, 'AlreadyExists')) await this.#accounts.refresh(name, accountName);
      else if (!isEnding(error) && !isRefused(error, 'NotFound')) throw error;
    }
  }
}

const publishedName = 'kube-root-ca.crt';
const description = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal ' +
    'endpoints such as the internal service IP or kubernetes.default.svc. No other usage is ' +
    'guaranteed across distributions of Kubernetes clusters.',
};

/** Every namespace has the certificate by which pods know the API server. */
export class RootCertificatePublisher implements Controller {
  readonly name = 'root-ca-certificate-publisher-controller';
  readonly #cluster: Cluster;
  readonly #certificate: () => string;
  readonly #namespaces;
  readonly #maps;

  /** The bundle in PEM, asked each time, for it changes when the CA is renewed. */
  constructor(cluster: Cluster, certificate: () => string) {
    this.#cluster = cluster;
    this.#certificate = certificate;
    this.#namespaces = cluster.informer(resources.namespaces);
    this.#maps = cluster.informer(resources.configMaps);
  }

  get needs() {
    return [this.#namespaces, this.#maps];
  }

  watch(queue: WorkQueue): void {
    this.#namespaces.onChange((now) => (now === undefined ? undefined : queue.add(keyOf(now))));
    this.#maps.onChange((now, before) => {
      const map = now ?? before;
      if (map?.metadata.name === publishedName) queue.add(map.metadata.namespace ?? '');
    });
  }

  async reconcile(name: string): Promise<undefined> {
    const namespace = this.#namespaces.get('', name);
    if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return;
    const data = { 'ca.crt': this.#certificate() };
    const known = this.#maps.get(name, publishedName);
    if (known !== undefined) {
      const same = known.data?.['ca.crt'] === data['ca.crt'];
      if (same && Object.keys(known.data ?? {}).length === 1) return;
      const annotations = { ...known.metadata.annotations, ...description };
      const metadata = { ...known.metadata, annotations };
      await this.#cluster.update(resources.configMaps, { ...known, metadata, data });
      return;
    }
    const metadata = { namespace: name, name: publishedName, annotations: description };
    try {
      await this.#cluster.create(resources.configMaps, { metadata, data });
    } catch (error) {
      if (isRefused(error, 'AlreadyExists')) await this.#maps.refresh(name, publishedName);
      else if (!isEnding(error) && !isRefused(error, 'NotFound')) throw error;
    }
  }
}

const tokenType = 'kubernetes.io/service-account-token';
const ofAccount = 'kubernetes.io/service-account.name';
const ofUid = 'kubernetes.io/service-account.uid';

/** Secrets with an account's token do not outlive the account. */
export class TokenCleaner implements Controller {
  readonly name = 'token-cleaner-controller';
  readonly #cluster: Cluster;
  readonly #accounts;
  readonly #secrets;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#accounts = cluster.informer(resources.serviceAccounts);
    this.#secrets = cluster.informer(resources.secrets, {
      account: (secret) =>
        secret.type === tokenType
          ? [`${secret.metadata.namespace}/${secret.metadata.annotations?.[ofAccount] ?? ''}`]
          : [],
    });
  }

  get needs() {
    return [this.#accounts, this.#secrets];
  }

  watch(queue: WorkQueue): void {
    this.#accounts.onChange((_now, before) => {
      if (before === undefined) return;
      for (const secret of this.#secrets.find('account', keyOf(before))) queue.add(keyOf(secret));
    });
    this.#secrets.onChange((now) => {
      if (now?.type === tokenType) queue.add(keyOf(now));
    });
  }

  async reconcile(key: string): Promise<undefined> {
    const secret = this.#secrets.getByKey(key);
    if (secret === undefined || secret.type !== tokenType) return;
    if (secret.metadata.deletionTimestamp !== undefined || (await this.#hasAccount(secret))) return;
    await this.#cluster.delete(resources.secrets, secret, { unchanged: true });
  }

  async #hasAccount({ metadata }: Stored<Secret>): Promise<boolean> {
    const { namespace = '', annotations } = metadata;
    const name = annotations?.[ofAccount] ?? '';
    if (name === '') return true;
    const uid = annotations?.[ofUid];
    const known = this.#accounts.get(namespace, name);
    const fits = (found: typeof known) =>
      found !== undefined && (uid === undefined || uid === found.metadata.uid);
    return fits(known) || fits(await this.#accounts.refresh(namespace, name));
  }
}
