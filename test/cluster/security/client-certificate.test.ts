import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { SharedCoordinator } from './shared-coordinator.ts';

t.setTimeout(300_000);

const shared = await SharedCoordinator.start();
t.teardown(() => shared[Symbol.asyncDispose]());
const { process: coordinator } = shared;

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' });
}

t.test('certificates of others, of servers and without a name are refused', async (t) => {
  const at = (name: string) => join(coordinator.folder, name);
  const authority = join(coordinator.folder, 'root', 'authority.pem');
  const issue = (name: string, subject: string, { days = '1', ca = authority } = {}) => {
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      subject,
      '-keyout',
      at(`${name}.key`),
      '-out',
      at(`${name}.csr`),
    );
    writeFileSync(at(`${name}.ext`), 'extendedKeyUsage=clientAuth\n');
    openssl(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      '-CA',
      ca,
      '-CAkey',
      ca,
      '-set_serial',
      '7',
      '-extfile',
      at(`${name}.ext`),
      '-out',
      at(`${name}.crt`),
      '-days',
      days,
    );
    return {
      cert: readFileSync(at(`${name}.crt`), 'utf8'),
      key: readFileSync(at(`${name}.key`), 'utf8'),
    };
  };
  const path = 'GET /api/v1/nodes';
  const good = issue('good', '/O=system:masters/O=b/CN=ann');
  t.equal((await coordinator.request(path, good)).status, 200, 'O= is a group');
  const plain = issue('plain', '/O=some/CN=ann');
  t.match((await coordinator.request(path, plain)).text, 'User \\"ann\\" cannot list');
  const nameless = issue('nameless', '/O=system:masters');
  t.equal((await coordinator.request(path, nameless)).status, 401, 'no CN');
  const old = issue('old', '/O=system:masters/CN=ann', { days: '-1' });
  t.equal((await coordinator.request(path, old)).status, 401, 'expired');
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=keelson',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
    '-days',
    '1',
  );
  writeFileSync(
    at('ca.pem'),
    readFileSync(at('ca.crt'), 'utf8') + readFileSync(at('ca.key'), 'utf8'),
  );
  const foreign = issue('foreign', '/O=system:masters/CN=ann', { ca: at('ca.pem') });
  t.equal(
    (await coordinator.request(path, foreign)).status,
    401,
    'signed by another of the same name',
  );
  const serving = readFileSync(join(coordinator.folder, 'root', 'serving.pem'), 'utf8');
  const asServer = await coordinator.request(path, { cert: serving, key: serving });
  t.equal(asServer.status, 401, "a server's certificate is no client's");
});
