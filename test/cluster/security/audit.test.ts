import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { CoordinatorProcess, scratchFolder } from './coordinator-process.ts';
import { eventually } from './shared-coordinator.ts';

t.setTimeout(300_000);

interface AuditEvent {
  readonly verb: string;
  readonly level: string;
  readonly requestURI: string;
  readonly user: { readonly username?: string };
  readonly responseStatus: { readonly code: number };
}

function eventsIn(path: string): AuditEvent[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent);
}

const policy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - { level: None, nonResourceURLs: ["/livez*"] }
  - { level: None, resources: [{ group: "", resources: [nodes] }], verbs: [list] }
  - level: Request
    resources: [{ group: "", resources: [pods, secrets, serviceaccounts/token] }]
  - { level: Metadata }
`;

t.test('the audit log tells who asked for what and what became of it', async (t) => {
  const folder = scratchFolder();
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [log, rules] = [join(folder, 'audit.log'), join(folder, 'policy.yaml')];
  writeFileSync(rules, policy);
  await using coordinator = await CoordinatorProcess.start(
    ['--audit-log', log, '--audit-policy', rules],
    folder,
  );
  const pods = '/api/v1/namespaces/default/pods';
  const pod = {
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'a', image: 'nginx' }] },
  };
  const secret = { metadata: { name: 's' }, stringData: { password: 'hunter2hunter2' } };
  t.equal((await coordinator.asAdmin(`POST ${pods}`, JSON.stringify(pod))).status, 201);
  const secrets = '/api/v1/namespaces/default/secrets';
  t.equal((await coordinator.asAdmin(`POST ${secrets}`, JSON.stringify(secret))).status, 201);
  const token = '/api/v1/namespaces/default/serviceaccounts/default/token';
  const made = await coordinator.asAdmin(`POST ${token}`, '{"spec":{"expirationSeconds":3600}}');
  t.equal(made.status, 201);
  const issued = (JSON.parse(made.text) as { status: { token: string } }).status.token;
  await coordinator.asAdmin('GET /api/v1/nodes');
  await coordinator.request('GET /livez');
  await coordinator.request('GET /api/v1/pods');
  const { certificate: cert, key } = coordinator;
  const headers = { 'Impersonate-User': 'nobody' };
  await coordinator.request('GET /api/v1/configmaps', { cert, key, headers });
  const isThere = async () => readFileSync(log, 'utf8').includes('/api/v1/configmaps');
  t.equal(await eventually(isThere), true);
  const events = eventsIn(log);
  const of = (uri: string) => events.find(({ requestURI }) => requestURI.startsWith(uri));
  t.match(of(pods), {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Request',
    stage: 'ResponseComplete',
    verb: 'create',
    user: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] },
    sourceIPs: ['127.0.0.1'],
    objectRef: { resource: 'pods', namespace: 'default', apiVersion: 'v1' },
    responseStatus: { code: 201 },
    requestObject: { metadata: { name: 'web' } },
    annotations: { 'authorization.k8s.io/decision': 'allow' },
  });
  t.match(of(secrets), { level: 'Metadata', responseStatus: { code: 201 } });
  t.match(of(token), { level: 'Metadata' });
  t.notMatch(readFileSync(log, 'utf8'), 'hunter2', 'no secret is written down');
  t.notMatch(readFileSync(log, 'utf8'), issued, 'no token is written down');
  t.equal(of('/api/v1/nodes'), undefined);
  t.equal(of('/livez'), undefined);
  t.match(of('/api/v1/pods'), { user: {}, responseStatus: { code: 401, reason: 'Unauthorized' } });
  t.match(of('/api/v1/configmaps'), {
    user: { username: 'kubernetes-admin' },
    impersonatedUser: { username: 'nobody' },
    responseStatus: { code: 403 },
    annotations: { 'authorization.k8s.io/decision': 'forbid' },
  });
  t.equal(statSync(log).mode & 0o777, 0o600);
});

t.test('the log is turned over, and old files go', async (t) => {
  const folder = scratchFolder();
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, 'audit.log');
  await using coordinator = await CoordinatorProcess.start(
    ['--audit-log', log, '--audit-bytes', '1'],
    folder,
  );
  const files = () => readdirSync(folder).filter((name) => name.startsWith(basename(log)));
  const isFull = async () => {
    await coordinator.asAdmin('GET /api/v1/nodes');
    return files().length === 11;
  };
  t.equal(await eventually(isFull), true);
  for (let count = 0; count < 5; count += 1) await coordinator.asAdmin('GET /api/v1/nodes');
  t.equal(await coordinator.stop(), 0);
  t.equal(files().length, 11, 'ten are kept besides the one in use');
  for (const name of files()) t.ok(eventsIn(join(folder, name)).length > 0, name);
});

t.test('answers are written down where the policy wants them, and no secrets', async (t) => {
  const folder = scratchFolder();
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [log, policy] = [join(folder, 'audit.log'), join(folder, 'policy.yaml')];
  writeFileSync(policy, 'kind: Policy\nrules: [{ level: RequestResponse }]\n');
  await using coordinator = await CoordinatorProcess.start(
    ['--audit-log', log, '--audit-policy', policy],
    folder,
  );
  const post = (path: string, object: object) =>
    coordinator.asAdmin(`POST ${path}`, JSON.stringify(object));
  await post('/api/v1/namespaces', { metadata: { name: 'blue' } });
  const data = { stringData: { password: 'hunter3' }, metadata: { name: 's' } };
  await post('/api/v1/namespaces/default/secrets', data);
  await coordinator.asAdmin('GET /api/v1/namespaces/default/secrets/s');
  await coordinator.asAdmin('GET /api/v1/namespaces/blue');
  const isThere = async () => readFileSync(log, 'utf8').includes('/api/v1/namespaces/blue"');
  t.equal(await eventually(isThere), true);
  const events = eventsIn(log);
  t.match(
    events.find(({ requestURI, verb }) => requestURI === '/api/v1/namespaces' && verb === 'create'),
    {
      level: 'RequestResponse',
      requestObject: { metadata: { name: 'blue' } },
      responseObject: { metadata: { name: 'blue', uid: /-/ }, status: { phase: 'Active' } },
    },
  );
  t.match(
    events.find(({ requestURI }) => requestURI === '/api/v1/namespaces/blue'),
    { level: 'RequestResponse', responseObject: { kind: 'Namespace' } },
  );
  t.notMatch(readFileSync(log, 'utf8'), /hunter3|aHVudGVyMw/, 'no secret is written down');
});

t.test('a policy that cannot be held to is refused', async (t) => {
  const folder = scratchFolder();
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [text, words] of [
    ['kind: Policy\nrules: [{ level: Everything }]\n', /not None, Metadata, Request or /],
    ['kind: [', /is not YAML/],
    ['kind: Policy\nrules: [{ level: Metadata, user: [a] }]\n', /unknown field "user"/],
    ['kind: Pod\n', /no audit Policy/],
  ] as const) {
    const path = join(folder, 'policy.yaml');
    writeFileSync(path, text);
    const flags = ['--audit-log', join(folder, 'log'), '--audit-policy', path];
    const victim = new CoordinatorProcess(folder, flags);
    await t.rejects(victim.ready(), words);
    await victim.stop('SIGKILL');
  }
});
