import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { eventually, SharedCoordinator } from './shared-coordinator.ts';

t.setTimeout(300_000);

const shared = await SharedCoordinator.start();
t.teardown(() => shared[Symbol.asyncDispose]());
const { process: coordinator, kubectls, skip } = shared;
const kubectl = kubectls.at(-1) ?? '';

await shared.make('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });

t.test('who says nothing sees health and version alone', async (t) => {
  for (const path of ['/livez', '/readyz', '/healthz', '/version']) {
    t.equal((await coordinator.request(`GET ${path}`)).status, 200, path);
  }
  for (const path of [
    '/api',
    '/metrics',
    '/livez/../api/v1/secrets',
    '/openapi/v2',
    '/api/v1/pods',
  ]) {
    const { status, text } = await coordinator.request(`GET ${path}`);
    t.equal(status, 401, path);
    t.match(JSON.parse(text), { reason: 'Unauthorized', message: 'Unauthorized', code: 401 });
  }
});

for (const program of kubectls) {
  t.test(`${basename(program)} shows who asks and what he may`, async (t) => {
    const ask = async (...args: string[]) => (await coordinator.kubectl(program, ...args)).stdout;
    t.match(await ask('auth', 'whoami'), /Username +kubernetes-admin\nGroups +\[system:masters /);
    t.equal(await ask('auth', 'can-i', 'delete', 'nodes'), 'yes\n');
    t.equal(await ask('auth', 'can-i', 'get', 'pods', '--as', 'nobody'), 'no\n');
    t.match(
      await ask('auth', 'can-i', '--list', '--as', 'nobody'),
      /selfsubjectaccessreviews.authorization.k8s.io +\[\] +\[\] +\[create\]/,
    );
    t.equal(await ask('auth', 'can-i', 'get', '/version', '--as', 'nobody'), 'yes\n');
    const token = (await ask('create', 'token', 'robot')).trim();
    const { status, text } = await shared.withToken('GET /api/v1/namespaces/default/pods', token);
    t.equal(status, 403);
    t.match(text, 'User \\"system:serviceaccount:default:robot\\" cannot list resource');
    const { stderr } = await coordinator.kubectl(program, 'get', 'pods', '--as', 'nobody');
    t.equal(
      stderr,
      'Error from server (Forbidden): pods is forbidden: User "nobody" cannot list resource ' +
        '"pods" in API group "" in the namespace "default"\n',
    );
  });
}

t.test(
  'refusals name the object, the group, the subresource and the place',
  { skip },
  async (t) => {
    const as = ['--as', 'nobody'];
    const starts = 'Error from server (Forbidden): ';
    t.equal(
      await shared.refusal('get', 'deploy', 'web', ...as),
      `${starts}deployments.apps "web" is forbidden: User "nobody" cannot get resource ` +
        '"deployments" in API group "apps" in the namespace "default"\n',
    );
    t.equal(
      await shared.refusal('get', 'nodes', ...as),
      `${starts}nodes is forbidden: User "nobody" cannot list resource "nodes" in API group "" ` +
        'at the cluster scope\n',
    );
    t.match(
      await shared.refusal('get', '--raw', '/api/v1/namespaces/default/pods/web/log', ...as),
      /cannot get resource \\?"pods\/log\\?" in API group/,
    );
    t.match(
      await shared.refusal('get', '--raw', '/metrics', ...as),
      /User "nobody" cannot get path "\/metrics"/,
    );
  },
);

t.test('a role binding gives what its role says, as long as it is there', { skip }, async (t) => {
  await shared.run('create', 'rolebinding', 'v', '--clusterrole=view', '--user=vera');
  const may = async (...args: string[]) =>
    (await coordinator.kubectl(kubectl, 'auth', 'can-i', ...args, '--as', 'vera')).stdout ===
    'yes\n';
  t.equal(await eventually(() => may('list', 'pods')), true);
  t.equal(await may('list', 'secrets'), false, 'view sees no secrets');
  t.equal(await may('list', 'pods', '-n', 'kube-system'), false);
  t.equal(await may('get', 'pods/log'), true);
  await shared.run('create', 'clusterrole', 'more', '--verb=get', '--resource=nodes');
  await shared.run(
    'label',
    'clusterrole',
    'more',
    'rbac.authorization.k8s.io/aggregate-to-view=true',
  );
  await shared.run('create', 'clusterrolebinding', 'v', '--clusterrole=view', '--user=vera');
  const sees = async () =>
    (await shared.refusal('get', 'node', 'x', '--as', 'vera')).includes('NotFound');
  t.equal(await eventually(sees), true, 'roles are put together');
  await shared.run('delete', 'clusterrolebinding', 'v');
  t.equal(await eventually(async () => !(await sees())), true);
  const rules = join(coordinator.folder, 'rbac.yaml');
  writeFileSync(
    rules,
    `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: r, namespace: default }
rules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]
`,
  );
  t.match(
    await shared.run('auth', 'reconcile', '-f', rules),
    /role.rbac.authorization.k8s.io\/r reconciled/,
  );
  t.match(
    await shared.run('auth', 'reconcile', '-f', rules),
    /role.rbac.authorization.k8s.io\/r reconciled/,
  );
});

t.test('nobody grants what he does not have', { skip }, async (t) => {
  const create = '--verb=create,update,get,list';
  await shared.run(
    'create',
    'clusterrole',
    'rbac',
    create,
    '--resource=roles,rolebindings,clusterroles',
  );
  await shared.run('create', 'clusterrolebinding', 'e', '--clusterrole=rbac', '--user=eve');
  await shared.run('create', 'clusterrolebinding', 'ev', '--clusterrole=view', '--user=eve');
  const as = ['--as', 'eve'];
  const makes = ['create', 'role'];
  t.equal(
    await eventually(async () => {
      const { code } = await coordinator.kubectl(
        kubectl,
        ...makes,
        'ok',
        '--verb=get',
        '--resource=pods',
        ...as,
      );
      return code === 0;
    }),
    true,
    'what he has he may grant',
  );
  t.match(
    await shared.refusal(...makes, 'bad', '--verb=get', '--resource=secrets', ...as),
    'roles.rbac.authorization.k8s.io "bad" is forbidden: user "eve" ' +
      '(groups=["system:authenticated"]) is attempting to grant RBAC permissions not ' +
      'currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
  );
  t.match(
    await shared.refusal(
      'create',
      'rolebinding',
      'mine',
      '--clusterrole=cluster-admin',
      '--user=eve',
      ...as,
    ),
    /is attempting to grant RBAC permissions not currently held/,
  );
  t.equal(
    await shared.refusal('create', 'rolebinding', 'fine', '--clusterrole=view', '--user=x', ...as),
    '',
  );
  await shared.run(
    'create',
    'clusterrole',
    'bind',
    '--verb=bind',
    '--resource=clusterroles',
    '--resource-name=edit',
  );
  await shared.run('create', 'clusterrolebinding', 'eb', '--clusterrole=bind', '--user=eve');
  t.equal(
    await eventually(
      async () =>
        (await shared.refusal(
          'create',
          'rolebinding',
          'b',
          '--clusterrole=edit',
          '--user=x',
          ...as,
        )) === '',
    ),
    true,
    'who may bind a role may do so without having it',
  );
});

t.test('impersonation needs its own right, for every word of it', { skip }, async (t) => {
  await shared.run(
    'create',
    'clusterrole',
    'imp',
    '--verb=impersonate',
    '--resource=users',
    '--resource-name=vera',
  );
  await shared.run(
    'create',
    'clusterrolebinding',
    'imp',
    '--clusterrole=imp',
    '--serviceaccount=default:robot',
  );
  const token = (await shared.run('create', 'token', 'robot')).trim();
  const ask = async (headers: Record<string, string | string[]>) => {
    const all = {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      ...headers,
    };
    const body = '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}';
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    return await coordinator.request(`POST ${path}`, { headers: all, body });
  };
  t.equal(
    await eventually(async () => (await ask({ 'Impersonate-User': 'vera' })).status === 201),
    true,
  );
  const { text } = await ask({ 'Impersonate-User': 'vera' });
  t.match(JSON.parse(text), {
    status: { userInfo: { username: 'vera', groups: ['system:authenticated'] } },
  });
  for (const headers of [
    { 'Impersonate-User': 'kubernetes-admin' },
    { 'Impersonate-User': 'vera', 'Impersonate-Group': 'system:masters' },
    { 'Impersonate-User': 'vera', 'Impersonate-Group': ['a', 'system:masters'] },
    { 'Impersonate-User': 'vera', 'Impersonate-Uid': '1' },
    { 'Impersonate-User': 'vera', 'Impersonate-Extra-Scopes': 'all' },
    { 'Impersonate-User': 'system:serviceaccount:kube-system:x' },
  ]) {
    const { status, text: words } = await ask(headers);
    t.equal(status, 403, JSON.stringify(headers));
    t.match(words, 'cannot impersonate resource');
  }
  t.equal((await ask({ 'Impersonate-Group': 'system:masters' })).status, 400);
});
