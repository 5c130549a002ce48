import type { ConnectionOptions } from 'node:tls';
import { isList, isObject, type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { limits } from '../../base/limits.ts';
import { ApiError, badRequest } from '../../api/status.ts';
import { metadataOf } from '../object-text.ts';
import { mayBePassedTo, type Target } from './target.ts';
import { checkKubelet } from './verify-kubelet.ts';

/** How the API server makes itself known to kubelets, and knows them; all PEM. */
export interface KubeletOptions {
  readonly certificate?: string;
  readonly key?: string;
  /** Who signed the kubelets' certificates; unset, any is taken. */
  readonly authority?: string;
  /** Which addresses of pods and nodes are passed on to; by default none of this host's own. */
  readonly reachable?: (address: string) => boolean;
  /** How long a kubelet without a certificate of the authority is waited for. */
  readonly patienceMs?: number;
}

const defaultPort = 10_250;
const preferred = ['InternalIP', 'ExternalIP', 'Hostname'];

/** The kubelets' addresses, and connections to them. */
export class Kubelets {
  #tls: ConnectionOptions;
  #open = 0;
  readonly reachable: (address: string) => boolean;
  readonly patienceMs: number;

  constructor(options: KubeletOptions = {}) {
    const { certificate, key, authority } = options;
    this.#tls = {
      minVersion: 'TLSv1.2',
      ...(certificate !== undefined && { cert: certificate }),
      ...(key !== undefined && { key }),
      ...(authority !== undefined && { ca: authority }),
      rejectUnauthorized: authority !== undefined,
    };
    this.reachable = options.reachable ?? mayBePassedTo;
    this.patienceMs = options.patienceMs ?? limits.apiCertificateMs;
  }

  /**
   * How to speak TLS with it. Pods and services have certificates of anybody's, as Kubernetes takes
   * them, and are not shown who this server is.
   */
  tlsTo({ node, host }: Target): ConnectionOptions {
    if (node === undefined) return { minVersion: 'TLSv1.2', rejectUnauthorized: false };
    const checkServerIdentity = checkKubelet({ node, host });
    return { ...this.#tls, checkServerIdentity };
  }

  /** Shows kubelets another certificate from now on; what is open stays open. */
  renew({ certificate, key }: { readonly certificate: string; readonly key: string }): void {
    this.#tls = { ...this.#tls, cert: certificate, key };
  }

  /** Counts a connection until it is disposed of. Throws `ServiceUnavailable` for too many. */
  opening(): Disposable {
    if (this.#open >= limits.apiPassedOn) {
      const words = `${limits.apiPassedOn} requests are passed on already`;
      throw new ApiError('ServiceUnavailable', words);
    }
    this.#open += 1;
    return { [Symbol.dispose]: () => void (this.#open -= 1) };
  }

  /** Where a node's kubelet listens. Throws `BadRequest` for a node that has no address. */
  targetOf(node: JsonObject, path: string): Target {
    const status = objectIn(node, 'status');
    const host = hostOf(status);
    const name = textOf(metadataOf(node)['name']);
    if (host === '') {
      throw badRequest(`no preferred addresses found; known addresses: [] of node "${name}"`);
    }
    const { Port: port } = objectIn(objectIn(status, 'daemonEndpoints'), 'kubeletEndpoint');
    const own = typeof port === 'number' ? port : defaultPort;
    return { tls: true, node: name, host, port: own, path };
  }
}

function hostOf(status: JsonObject): string {
  const { addresses } = status;
  const known = isList(addresses) ? addresses.filter((entry) => isObject(entry)) : [];
  for (const type of preferred) {
    const found = known.find((entry) => entry['type'] === type);
    if (found !== undefined) return textOf(found['address']);
  }
  return '';
}
