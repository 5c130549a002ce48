import { Agent as PlainAgent } from 'node:http';
import { Agent } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import { isList, isObject, type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { limits } from '../../base/limits.ts';
import { badRequest } from '../../api/status.ts';
import { metadataOf } from '../object-text.ts';
import { mayBePassedTo, type Target } from './target.ts';

/** How the API server makes itself known to kubelets, and knows them; all PEM. */
export interface KubeletOptions {
  readonly certificate?: string;
  readonly key?: string;
  /** Who signed the kubelets' certificates; unset, they are not verified. */
  readonly authority?: string;
  /** Which addresses of pods and nodes are passed on to; by default none of this host's own. */
  readonly reachable?: (address: string) => boolean;
}

const defaultPort = 10_250;
const bounds = { keepAlive: false, maxTotalSockets: limits.apiPassedOn };
const preferred = ['InternalIP', 'ExternalIP', 'Hostname'];

/** The kubelets' addresses, and connections to them. */
export class Kubelets implements Disposable {
  #tls: ConnectionOptions;
  #agent: Agent;
  readonly plainAgent: PlainAgent;
  readonly reachable: (address: string) => boolean;

  constructor(options: KubeletOptions = {}) {
    const { certificate, key, authority } = options;
    this.#tls = {
      minVersion: 'TLSv1.2',
      ...(certificate !== undefined && { cert: certificate }),
      ...(key !== undefined && { key }),
      ...(authority !== undefined && { ca: authority }),
      rejectUnauthorized: authority !== undefined,
    };
    this.#agent = new Agent({ ...this.#tls, ...bounds });
    this.plainAgent = new PlainAgent(bounds);
    this.reachable = options.reachable ?? mayBePassedTo;
  }

  get tls(): ConnectionOptions {
    return this.#tls;
  }

  get agent(): Agent {
    return this.#agent;
  }

  /** Shows kubelets another certificate from now on; what is open stays open. */
  renew({ certificate, key }: { readonly certificate: string; readonly key: string }): void {
    this.#tls = { ...this.#tls, cert: certificate, key };
    this.#agent = new Agent({ ...this.#tls, ...bounds });
  }

  /** Where a node's kubelet listens. Throws `BadRequest` for a node that has no address. */
  targetOf(node: JsonObject, path: string): Target {
    const status = objectIn(node, 'status');
    const host = hostOf(status);
    if (host === '') {
      const name = textOf(metadataOf(node)['name']);
      throw badRequest(`no preferred addresses found; known addresses: [] of node "${name}"`);
    }
    const { Port: port } = objectIn(objectIn(status, 'daemonEndpoints'), 'kubeletEndpoint');
    return { tls: true, host, port: typeof port === 'number' ? port : defaultPort, path };
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
    this.plainAgent.destroy();
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
