import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { acceptCommand } from '../../../src/stream/accept-command.ts';
import { acceptForward } from '../../../src/stream/accept-forward.ts';
import type { Upgrade } from '../../../src/stream/upgrade.ts';

/**
 * Speaks as a kubelet does: logs, commands and ports over TLS. A command prints what it was called
 * with and gives back its stdin; a forwarded port leads to this very server.
 */
export class FakeKubelet implements AsyncDisposable {
  readonly certificate: string;
  readonly key: string;
  /** Each request's method and path. */
  readonly seen: string[] = [];
  /** What else it says, by path. */
  readonly pages = new Map<string, () => string>();
  readonly #server: Server;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.key = readFileSync(join(folder, 'key.pem'), 'utf8');
    this.certificate = readFileSync(join(folder, 'certificate.pem'), 'utf8');
    const { key, certificate: cert } = this;
    const options = { key, cert, ca: cert, requestCert: true, rejectUnauthorized: false };
    this.#server = createServer(options, (request, response) => this.#answer(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      this.#note(request);
      void this.#stream({ request, socket, head });
    });
  }

  /** Its certificate is signed by itself, for names as openssl has them. */
  static async start(subject = '/CN=keelson-test', names = 'IP:127.0.0.1'): Promise<FakeKubelet> {
    const folder = mkdtempSync(join(tmpdir(), 'keelson-kubelet-'));
    makeCertificate(folder, subject, names);
    const kubelet = new FakeKubelet(folder);
    const { promise, resolve } = Promise.withResolvers<void>();
    kubelet.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    return kubelet;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What an API server needs to be let in. */
  get options(): {
    certificate: string;
    key: string;
    authority: string;
    reachable: (address: string) => boolean;
  } {
    const { certificate, key } = this;
    return { certificate, key, authority: certificate, reachable: () => true };
  }

  /** The node whose kubelet this is. */
  get node(): object {
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: this.port } },
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #note(request: IncomingMessage): void {
    this.seen.push(`${request.method} ${request.url}`);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.#note(request);
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/containerLogs/default/web/b') {
      response.writeHead(400).end('container "b" in pod "web" is waiting to start: NotYet\n');
      return;
    }
    if (url.pathname.startsWith('/containerLogs/')) {
      response.writeHead(200, { 'Content-Type': 'text/plain' }).write('first line\n');
      if (!url.searchParams.has('follow')) response.end('last line\n');
      else setImmediate(() => response.end('followed line\n'));
      return;
    }
    const page = this.pages.get(url.pathname);
    if (page !== undefined) {
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end(page());
      return;
    }
    if (url.pathname === '/moved') {
      response.writeHead(302, { Location: '/elsewhere?x=1' }).end();
      return;
    }
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    const who = String(subject?.CN ?? 'nobody');
    response.writeHead(200, { 'Content-Type': 'application/json', 'X-Own': 'yes' });
    const { authorization } = request.headers;
    const said: Buffer[] = [];
    request.on('data', (part: Buffer) => said.push(part));
    request.once('end', () => {
      const body = Buffer.concat(said).toString();
      response.end(JSON.stringify({ who, path: request.url, authorization, body }));
    });
  }

  async #stream(upgrade: Upgrade): Promise<void> {
    const { pathname, searchParams } = new URL(upgrade.request.url ?? '/', 'http://localhost');
    if (pathname.startsWith('/portForward/')) {
      const ports = searchParams.getAll('port').map(Number);
      await acceptForward(upgrade, { ports, dial: async () => connect(this.port, '127.0.0.1') });
      return;
    }
    const request = {
      stdin: searchParams.has('input'),
      stdout: searchParams.has('output'),
      stderr: searchParams.has('error'),
      terminal: searchParams.has('tty'),
    };
    const streams = await acceptCommand(upgrade, request);
    if (streams === undefined) return;
    const command = searchParams.getAll('command');
    // kubectl loses over WebSocket what comes before it has looked at its own streams.
    const input: Buffer[] = [];
    for await (const part of streams.stdin ?? []) input.push(part as Buffer);
    streams.stdout?.write(`${pathname} ${command.join(' ')}\n`);
    streams.stdout?.write(Buffer.concat(input));
    const exitCode = command[0] === 'exit' ? Number(command[1]) : 0;
    await streams.finish({ kind: 'exited', exitCode });
  }
}

function makeCertificate(folder: string, subject: string, alternatives: string): void {
  const flags = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const names = ['-subj', subject, '-addext', `subjectAltName=${alternatives}`];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'certificate.pem')];
  execFileSync('openssl', [...flags, ...names, ...files, '-days', '2'], { stdio: 'ignore' });
}
