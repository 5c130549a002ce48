import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { makeToken, token } from '../kubelet/join-node.ts';
import { eventually, SharedCoordinator } from './shared-coordinator.ts';

t.setTimeout(300_000);

const shared = await SharedCoordinator.start();
t.teardown(() => shared[Symbol.asyncDispose]());
const { process: coordinator, kubectls, skip } = shared;
const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

interface Asked {
  readonly key: string;
  readonly body: string;
}

/** A request as openssl makes it; `subject` as `/O=a/CN=b`. */
function ask(
  name: string,
  subject: string,
  more: { signer: string; alternatives?: string },
): Asked {
  const file = join(coordinator.folder, name);
  const extension = more.alternatives === undefined ? [] : ['-addext', more.alternatives];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const files = ['-keyout', `${file}.key`, '-out', `${file}.csr`];
  const args = ['req', ...curve, '-subj', subject, ...extension, ...files];
  execFileSync('openssl', args, { stdio: 'pipe' });
  const isServing = more.signer === 'kubelet-serving';
  const body = {
    metadata: { name },
    spec: {
      signerName: `kubernetes.io/${more.signer}`,
      request: readFileSync(`${file}.csr`).toString('base64'),
      usages: ['digital signature', isServing ? 'server auth' : 'client auth'],
      expirationSeconds: 3600,
    },
  };
  return { key: readFileSync(`${file}.key`, 'utf8'), body: JSON.stringify(body) };
}

async function certificateOf(name: string): Promise<string> {
  let text = '';
  await eventually(async () => {
    const { text: answer } = await coordinator.asAdmin(`GET ${path}/${name}`);
    text = (JSON.parse(answer) as { status?: { certificate?: string } }).status?.certificate ?? '';
    return text !== '';
  });
  return Buffer.from(text, 'base64').toString();
}

for (const program of kubectls) {
  t.test(`${basename(program)} approves and denies requests`, async (t) => {
    const own = basename(program).replaceAll('.', '-');
    const { key, body } = ask(own, '/O=dev/CN=jane', { signer: 'kube-apiserver-client' });
    t.equal((await coordinator.asAdmin(`POST ${path}`, body)).status, 201);
    const kubectl = async (...args: string[]) =>
      (await coordinator.kubectl(program, ...args)).stdout;
    t.match(await kubectl('get', 'csr', own), / kubernetes-admin +(1h|60m) +Pending/);
    t.equal(
      await kubectl('certificate', 'approve', own),
      `certificatesigningrequest.certificates.k8s.io/${own} approved\n`,
    );
    const cert = await certificateOf(own);
    t.match(await kubectl('get', 'csr', own), /Approved,Issued/);
    const { text } = await coordinator.request('GET /api/v1/nodes', { cert, key });
    t.match(text, 'User \\"jane\\" cannot list resource');
    const left = Date.parse(new X509Certificate(cert).validTo) - Date.now();
    t.ok(left < 3600_000 + 60_000, 'it ends when it was asked to');
    const other = ask(`${own}-x`, '/CN=eve', { signer: 'kube-apiserver-client' });
    await coordinator.asAdmin(`POST ${path}`, other.body);
    t.equal(
      await kubectl('certificate', 'deny', `${own}-x`),
      `certificatesigningrequest.certificates.k8s.io/${own}-x denied\n`,
    );
    t.match(await kubectl('get', 'csr', `${own}-x`), / Denied/);
  });
}

t.test('a machine with a bootstrap token becomes a node, and renews itself', async (t) => {
  await makeToken(shared);
  const headers = {
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json',
  };
  const node = '/O=system:nodes/CN=system:node:host01';
  const { key, body } = ask('join', node, { signer: 'kube-apiserver-client-kubelet' });
  t.equal((await coordinator.request(`POST ${path}`, { headers, body })).status, 201);
  const cert = await certificateOf('join');
  const own = { cert, key };
  const json = { 'Content-Type': 'application/json' };
  t.equal((await coordinator.request('GET /api/v1/nodes/host01', own)).status, 404);
  t.equal((await coordinator.request('DELETE /api/v1/nodes/host02', own)).status, 403);
  const made = JSON.stringify({ metadata: { name: 'host01' } });
  const post = (text: string) =>
    coordinator.request('POST /api/v1/nodes', { ...own, headers: json, body: text });
  t.equal((await post(made)).status, 201, 'it registers itself');
  t.equal((await post(made.replace('host01', 'host02'))).status, 403, 'and nobody else');
  const again = ask('renew', node, { signer: 'kube-apiserver-client-kubelet' });
  const renewal = { ...own, headers: json, body: again.body };
  t.equal((await coordinator.request(`POST ${path}`, renewal)).status, 201);
  t.match(await certificateOf('renew'), 'BEGIN CERTIFICATE', 'a node renews its own');
  const other = ask('other', '/O=system:nodes/CN=system:node:host02', {
    signer: 'kube-apiserver-client-kubelet',
  });
  await coordinator.request(`POST ${path}`, { ...own, headers: json, body: other.body });
  const serving = ask('serving', node, {
    signer: 'kubelet-serving',
    alternatives: 'subjectAltName=DNS:host01,IP:10.0.0.1',
  });
  await coordinator.request(`POST ${path}`, { ...own, headers: json, body: serving.body });
  const answer = await coordinator.asAdmin(`GET ${path}/other`);
  t.notMatch(answer.text, 'Approved', "a node gets no other node's certificate by itself");
  if (skip !== false) return;
  await shared.run('certificate', 'approve', 'serving');
  const shown = new X509Certificate(await certificateOf('serving'));
  t.equal(shown.checkHost('host01'), 'host01');
  t.equal(shown.checkIP('10.0.0.1'), '10.0.0.1');
});

t.test("a node's own names and addresses are approved for serving, others are not", async (t) => {
  const node = '/O=system:nodes/CN=system:node:host07';
  const client = ask('host07-client', node, { signer: 'kube-apiserver-client' });
  await coordinator.asAdmin(`POST ${path}`, client.body);
  await coordinator.asAdmin(
    `PATCH ${path}/host07-client/approval`,
    JSON.stringify([
      {
        op: 'add',
        path: '/status/conditions',
        value: [{ type: 'Approved', status: 'True', reason: 'Test', message: '' }],
      },
    ]),
    'application/json-patch+json',
  );
  const own = { cert: await certificateOf('host07-client'), key: client.key };
  const json = { 'Content-Type': 'application/json' };
  const post = async (name: string, alternatives: string) => {
    const { body } = ask(name, node, { signer: 'kubelet-serving', alternatives });
    const answer = await coordinator.request(`POST ${path}`, { ...own, headers: json, body });
    t.equal(answer.status, 201, answer.text);
  };
  await post('foreign-serving', 'subjectAltName=DNS:host07,IP:10.0.0.9');
  await post('own-serving', 'subjectAltName=DNS:host07,IP:10.0.0.7,IP:2001:db8:0:0::7');
  const addresses = [
    { type: 'Hostname', address: 'host07' },
    { type: 'InternalIP', address: '10.0.0.7' },
    { type: 'InternalIP', address: '2001:db8::7' },
  ];
  const object = { metadata: { name: 'host07' }, spec: {}, status: { addresses } };
  t.equal((await coordinator.asAdmin('POST /api/v1/nodes', JSON.stringify(object))).status, 201);
  const shown = new X509Certificate(await certificateOf('own-serving'));
  t.equal(shown.checkIP('10.0.0.7'), '10.0.0.7');
  t.equal(shown.issuer, 'CN=keelson');
  const foreign = await coordinator.asAdmin(`GET ${path}/foreign-serving`);
  t.notMatch(foreign.text, 'Approved', 'an address that the node does not have');
});

t.test('what is no request, or asks for too much, is refused', async (t) => {
  const post = async (body: string) => await coordinator.asAdmin(`POST ${path}`, body);
  const { body } = ask('good', '/CN=x', { signer: 'kube-apiserver-client' });
  const changed = (spec: object, name = 'bad') => {
    const object = JSON.parse(body) as { spec: object };
    return JSON.stringify({ ...object, metadata: { name }, spec: { ...object.spec, ...spec } });
  };
  const request = Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n').toString('base64');
  for (const spec of [{ request }, { request: '' }, { signerName: 'x' }, { usages: [] }]) {
    t.equal((await post(changed(spec))).status, 422, JSON.stringify(spec));
  }
  t.equal((await post(changed({ expirationSeconds: 1 }))).status, 422);
  const masters = ask('m', '/O=system:masters/CN=x', { signer: 'kube-apiserver-client' });
  const { status, text } = await post(masters.body);
  t.equal(status, 403);
  t.match(text, 'signer with system:masters group is not allowed');
  t.equal(
    (await post(changed({ username: 'system:node:host01', groups: ['x'] }, 'claim'))).status,
    201,
  );
  t.match((await coordinator.asAdmin(`GET ${path}/claim`)).text, '"username":"kubernetes-admin"');
  if (skip !== false) return;
  await shared.run(
    'create',
    'clusterrole',
    'answer',
    '--verb=get,update',
    '--resource=csr/approval,csr',
  );
  await shared.run('create', 'clusterrolebinding', 'answer', '--clusterrole=answer', '--user=amy');
  const refused = async () =>
    (await shared.refusal('certificate', 'approve', 'claim', '--as', 'amy')).includes(
      'user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver',
    );
  t.equal(await eventually(refused), true, 'the right to approve for a signer is one of its own');
});
