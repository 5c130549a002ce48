import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { discoverAuthority, keyHash } from '../../../../src/cli/up/discover-authority.ts';

const folder = t.testdir({});
/** An authority, and a server's certificate that it signed, by openssl. */
const script = `
  set -e; cd ${folder}
  key() { openssl ecparam -genkey -name prime256v1 -noout -out $1.key; }
  key ca; openssl req -x509 -new -key ca.key -subj /CN=cluster -days 2 -out ca.crt
  key server; openssl req -new -key server.key -subj /CN=server -out server.csr
  openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out server.crt
`;
execFileSync('bash', ['-c', script], { stdio: 'ignore' });
const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8');
const authorityHash = keyHash(new X509Certificate(read('ca.crt')));

const server = createServer({
  key: read('server.key'),
  cert: read('server.crt'),
  ca: read('ca.crt'),
});
server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
await once(server, 'listening');
t.teardown(() => server.close());
const { port } = server.address() as AddressInfo;
const line = { token: 'abcdef.0123456789abcdef', host: '127.0.0.1', port };

t.test('the hash is the one that kubeadm prints', (t) => {
  const spki = execFileSync(
    'bash',
    ['-c', 'openssl x509 -pubkey -noout -in ca.crt | openssl pkey -pubin -outform der'],
    { cwd: folder },
  );
  t.equal(authorityHash, createHash('sha256').update(spki).digest('hex'));
  t.end();
});

t.test('the authority with that key is what the server is believed by', async (t) => {
  const found = await discoverAuthority({ ...line, authorityHash });
  t.equal(
    new X509Certificate(found).fingerprint256,
    new X509Certificate(read('ca.crt')).fingerprint256,
  );
});

t.test('a server of another cluster is refused', async (t) => {
  const other = 'f'.repeat(64);
  await t.rejects(discoverAuthority({ ...line, authorityHash: other }), {
    kind: 'conflict',
    message: new RegExp(`not the cluster of this token.*sha256:${authorityHash}`),
  });
});

t.test('where nobody answers, it says where', async (t) => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port: free } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  await t.rejects(discoverAuthority({ ...line, port: free, authorityHash }), {
    kind: 'unavailable',
    message: new RegExp(`Cannot reach "127.0.0.1" port ${free}: `),
  });
});
