import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Ingress } from '../../api/types/generated/networking-v1.ts';
import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { patternOf } from './routing-table.ts';
import { type KeyAndCertificate, selfSigned } from './self-signed.ts';

interface Held extends KeyAndCertificate {
  /** Made at the first connection: a thousand of them would take a second and much memory. */
  context?: SecureContext;
  readonly names: readonly string[];
}

/** Which certificate a client is shown, by the name that it asks for. */
export class Certificates {
  readonly fallback: KeyAndCertificate = selfSigned(Date.now());
  readonly #log: Logger;
  readonly #fallback: SecureContext;
  readonly #secrets = new Map<string, Held>();
  #wanted: readonly { readonly secret: string; readonly hosts: readonly string[] }[] = [];
  #byHost = new Map<string, Held>();

  constructor(log: Logger) {
    this.#log = log;
    const { key, certificate: cert } = this.fallback;
    this.#fallback = createSecureContext({ key, cert });
  }

  /** `default/web-tls`: the Secrets that the Ingresses name, the oldest Ingress' first. */
  use(ingresses: readonly Ingress[]): string[] {
    this.#wanted = ingresses.flatMap(({ metadata, spec }) =>
      (spec.tls ?? []).flatMap(({ secretName = '', hosts = [] }) =>
        secretName === '' ? [] : [{ secret: `${metadata.namespace ?? ''}/${secretName}`, hosts }],
      ),
    );
    this.#arrange();
    return [...new Set(this.#wanted.map(({ secret }) => secret))];
  }

  /** A Secret's `tls.crt` and `tls.key`; undefined when it is gone. What is no pair is told. */
  set(secret: string, data: Readonly<Record<string, string>> | undefined): void {
    const held = data === undefined ? undefined : this.#read(secret, data);
    if (held === undefined) this.#secrets.delete(secret);
    else this.#secrets.set(secret, held);
    this.#arrange();
  }

  contextOf(host: string): SecureContext {
    const name = host.toLowerCase();
    const held = this.#byHost.get(name) ?? this.#byHost.get(patternOf(name));
    if (held === undefined) return this.#fallback;
    held.context ??= createSecureContext({ key: held.key, cert: held.certificate });
    return held.context;
  }

  #read(secret: string, data: Readonly<Record<string, string>>): Held | undefined {
    const text = (field: string): string =>
      Buffer.from(data[field] ?? '', 'base64').toString('utf8');
    const [certificate, key] = [text('tls.crt'), text('tls.key')];
    try {
      // Both are read once, so that what is none is told now and not to a client.
      createSecureContext({ key, cert: certificate });
      const { subjectAltName = '' } = new X509Certificate(certificate);
      const names = [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map(([, name = '']) => name);
      return { key, certificate, names };
    } catch (error) {
      this.#log.warn(`Secret "${secret}" is no certificate with its key: ${messageOf(error)}`);
      return undefined;
    }
  }

  #arrange(): void {
    const byHost = new Map<string, Held>();
    for (const { secret, hosts } of this.#wanted) {
      const held = this.#secrets.get(secret);
      if (held === undefined) continue;
      // An entry without hosts is for those that the certificate names.
      for (const host of hosts.length > 0 ? hosts : held.names) {
        const name = host.toLowerCase();
        if (!byHost.has(name)) byHost.set(name, held);
      }
    }
    this.#byHost = byHost;
  }
}
