import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Debian's docker-registry, with TLS by an authority of its own and one user. */
export interface DockerRegistry extends AsyncDisposable {
  /** `registry.localhost:PORT` would need a name server: this is `127.0.0.1:PORT`. */
  readonly host: string;
  readonly folder: string;
  /** In Docker's layout, for `certsFolder` and for skopeo's `--cert-dir`. */
  readonly certsFolder: string;
  readonly credentials: { readonly username: string; readonly password: string };
}

export interface DockerRegistryOptions {
  /** Plain HTTP without users. */
  readonly plain?: boolean;
  /** Clients have to show a certificate of the authority. */
  readonly clientCertificates?: boolean;
}

export async function startDockerRegistry(
  options: DockerRegistryOptions = {},
): Promise<DockerRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-registry-'));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const credentials = { username: 'tester', password: 'correct-horse' };
  const certsFolder = join(folder, 'certs.d');
  makeCertificates(folder, join(certsFolder, host));
  const hashed = execFileSync('htpasswd', ['-Bbn', credentials.username, credentials.password]);
  writeFileSync(join(folder, 'htpasswd'), hashed);
  writeFileSync(join(folder, 'config.yml'), configuration(folder, port, options));
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  await waitUntilOpen(port, child);
  return {
    host,
    folder,
    certsFolder,
    credentials,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(folder: string, port: number, options: DockerRegistryOptions): string {
  const clients =
    options.clientCertificates === true ? `clientcas: [${join(folder, 'ca.crt')}], ` : '';
  const files = `certificate: ${join(folder, 'server.crt')}, key: ${join(folder, 'server.key')}`;
  const secure = `, tls: { ${clients}${files} }`;
  const users = `auth: { htpasswd: { realm: test, path: ${join(folder, 'htpasswd')} } }`;
  return [
    'version: 0.1',
    'log: { level: error, accesslog: { disabled: true } }',
    `storage: { filesystem: { rootdirectory: ${join(folder, 'data')} } }`,
    `http: { addr: "127.0.0.1:${port}"${options.plain === true ? '' : secure} }`,
    options.plain === true ? '' : users,
  ].join('\n');
}

function makeCertificates(folder: string, clientFolder: string): void {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=test authority',
  );
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  for (const name of ['server', 'client']) {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-out', `${name}.crt`);
  }
  mkdirSync(clientFolder, { recursive: true });
  const copies = { 'ca.crt': 'ca.crt', 'client.crt': 'client.cert', 'client.key': 'client.key' };
  for (const [from, to] of Object.entries(copies)) {
    execFileSync('cp', [join(folder, from), join(clientFolder, to)]);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function waitUntilOpen(port: number, child: ChildProcess): Promise<void> {
  for (let count = 0; count < 100; count++) {
    if (child.exitCode !== null) throw new Error('docker-registry ended at once');
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isOpen) return;
    await delay(100);
  }
  throw new Error('docker-registry does not listen');
}
