import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mediaTypes } from '../../../../src/image/media-type.ts';

/** What a test does instead of the usual answer; true when it has answered, or never will. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A registry that serves what a test put in, and misbehaves where the test says so. */
export class FakeRegistry implements AsyncDisposable {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { bytes: Buffer; type: string }>();
  readonly requests: { method: string; url: string; authorization: string; range: string }[] = [];
  intercept: Intercept = () => false;
  readonly #server = createServer((request, response) => this.#answer(request, response));

  static async start(address = '127.0.0.1'): Promise<FakeRegistry> {
    const registry = new FakeRegistry();
    await new Promise<void>((resolve) => registry.#server.listen(0, address, resolve));
    return registry;
  }

  /** `127.0.0.1:PORT` */
  get host(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `${address}:${port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  addBlob(bytes: Buffer): { digest: string; size: number } {
    const digest = sha256(bytes);
    this.blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  }

  /**
   * An image under a tag; the layers are stored as they are, by default of no kind in particular.
   */
  addImage(tag: string, layers: readonly Buffer[], config: object = {}): AddedImage {
    const rootfs = { type: 'layers', diff_ids: layers.map((layer) => sha256(layer)) };
    const document = { architecture: 'amd64', os: 'linux', rootfs, ...config };
    const manifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: mediaTypes.ociConfig, ...this.addBlob(json(document)) },
      layers: layers.map((layer) => ({ mediaType: mediaTypes.ociLayer, ...this.addBlob(layer) })),
    };
    const digest = this.addManifest(tag, manifest, mediaTypes.ociManifest);
    return { digest, id: manifest.config.digest, layers: manifest.layers };
  }

  addManifest(tag: string, document: object, type: string): string {
    const bytes = json(document);
    const digest = sha256(bytes);
    for (const name of [tag, digest]) this.manifests.set(name, { bytes, type });
    return digest;
  }

  requestsFor(part: string): number {
    return this.requests.filter(({ url }) => url.includes(part)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    const { authorization = '', range = '' } = headers;
    this.requests.push({ method, url, authorization, range });
    if (this.intercept(request, response)) return;
    const [, kind, name = ''] = /^\/v2\/.+\/(manifests|blobs)\/([^/?]+)/.exec(url) ?? [];
    const manifest = kind === 'manifests' ? this.manifests.get(name) : undefined;
    const bytes = manifest?.bytes ?? (kind === 'blobs' ? this.blobs.get(name) : undefined);
    if (bytes === undefined) {
      answerJson(response, 404, 'MANIFEST_UNKNOWN');
      return;
    }
    const start = Number(/^bytes=([0-9]+)-/.exec(range)?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-type': manifest?.type ?? 'application/octet-stream',
      'content-length': bytes.length - start,
      ...(manifest === undefined ? {} : { 'docker-content-digest': sha256(bytes) }),
      ...(start > 0
        ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }
        : {}),
    });
    response.end(method === 'HEAD' ? undefined : bytes.subarray(start));
  }
}

export interface AddedImage {
  readonly digest: string;
  readonly id: string;
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

export function answerJson(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }));
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function json(document: object): Buffer {
  return Buffer.from(JSON.stringify(document));
}
