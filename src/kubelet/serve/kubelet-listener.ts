import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { limits } from '../../base/limits.ts';
import type { Upgrade } from '../../stream/upgrade.ts';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import type { Credential } from '../node/certificate/credential-file.ts';

export interface ListenerOptions {
  readonly configuration: KubeletConfiguration;
  readonly credential: Credential;
  /** Who signs clients' certificates; absent, none is asked for. */
  readonly authority: string | undefined;
  readonly onRequest: RequestListener;
  readonly onUpgrade: (upgrade: Upgrade) => void;
}

/** The socket of the kubelet's API. */
export class KubeletListener implements AsyncDisposable {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #upgraded = new Set<Upgrade['socket']>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    const bounds = {
      headersTimeout: limits.apiHeaderMs,
      requestTimeout: limits.kubeletRequestMs,
      keepAliveTimeout: limits.kubeletIdleMs,
      handshakeTimeout: limits.apiHandshakeMs,
      maxHeaderSize: limits.apiHeaderBytes,
    };
    const tls = tlsOptions(options, options.credential);
    this.#server = createServer({ ...bounds, ...tls }, options.onRequest);
    this.#server.maxConnections = limits.kubeletConnections;
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('upgrade', (request, socket, head) => {
      this.#upgraded.add(socket);
      // Two pipelines and TLS listen to it already.
      socket.setMaxListeners(32);
      socket.once('close', () => this.#upgraded.delete(socket));
      // Whoever it is may go at any time; what then fails is told where it is read or written.
      socket.on('error', () => undefined);
      options.onUpgrade({ request, socket, head });
    });
  }

  async listen(): Promise<void> {
    const { address, port } = this.#options.configuration;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Either means all addresses of both families, as far as the machine has them.
    const host = address === '0.0.0.0' || address === '::' ? {} : { host: address };
    this.#server.once('error', reject).listen({ ...host, port, backlog: 512 }, resolve);
    await promise;
    this.#server.off('error', reject);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Shows new connections another certificate. */
  renew(credential: Credential): void {
    this.#server.setSecureContext(tlsOptions(this.#options, credential));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
    await promise;
  }
}

const versions = { '': 'TLSv1.2', VersionTLS12: 'TLSv1.2', VersionTLS13: 'TLSv1.3' } as const;

function tlsOptions(
  { configuration, authority }: ListenerOptions,
  { certificate, key }: Credential,
): TlsOptions {
  const { tlsMinVersion, tlsCipherSuites } = configuration;
  return {
    cert: certificate,
    key,
    minVersion: versions[tlsMinVersion],
    ...(tlsCipherSuites.length > 0 && { ciphers: tlsCipherSuites.map(cipherOf).join(':') }),
    // Who shows none may have a token.
    ...(authority !== undefined && { ca: authority, requestCert: true, rejectUnauthorized: false }),
  };
}

/** `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` is ECDHE-RSA-AES128-GCM-SHA256 to OpenSSL. */
function cipherOf(name: string): string {
  if (/^TLS_(AES|CHACHA20)_/.test(name)) return name;
  return name
    .replace(/^TLS_/, '')
    .replace('_WITH_', '_')
    .replace(/AES_(\d+)_/, 'AES$1_')
    .replace(/_POLY1305_SHA256$/, '_POLY1305')
    .replaceAll('_', '-')
    .replace(/^RSA-/, '')
    .replace(/-CBC-/, '-');
}
