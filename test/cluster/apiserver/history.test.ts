import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { CoordinatorProcess } from '../security/coordinator-process.ts';
import { until } from '../../until.ts';

const run = promisify(execFile);
const program = new URL('../../../bin/keelson', import.meta.url).pathname;
const path = '/api/v1/namespaces/default/configmaps';

t.test('history tells what an object was, and what changed it', async (t) => {
  await using coordinator = await CoordinatorProcess.start();
  const { kubeconfig } = coordinator;
  const history = async (...args: string[]) => {
    return (await run(program, ['history', ...args, '--kubeconfig', kubeconfig])).stdout;
  };
  const put = async (color: string, method = 'PUT') => {
    const body = { metadata: { name: 'paint' }, data: { color, size: 'small' } };
    const where = method === 'POST' ? path : `${path}/paint`;
    const answer = await coordinator.asAdmin(`${method} ${where}`, JSON.stringify(body));
    t.match(String(answer.status), /^20[01]$/, answer.text);
    return versionOf(answer.text);
  };
  const first = await put('red', 'POST');
  await put('green');
  const between = new Date(Date.now() + 2).toISOString();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await put('blue');

  const list = await history('configmap', 'paint');
  t.match(list, /^REVISION +TIME +AGE +CHANGE +BY +FIELDS\n\d+ +20\S+Z +\S.* created /);
  t.equal(list.match(/ changed .* data\.color\n/g)?.length, 2, list);
  t.match(await history('cm', 'paint', '--at', first), /^apiVersion: v1\ndata:\n {2}color: red\n/);
  t.match(await history('cm', 'paint', '--at', between), /\n {2}color: green\n/);
  t.equal(
    await history('cm', 'paint', '--at', between, '--diff'),
    `--- paint ${between}\n+++ paint now\n@@ -1,6 +1,6 @@\n apiVersion: v1\n data:\n` +
      '-  color: green\n+  color: blue\n   size: small\n kind: ConfigMap\n metadata:\n',
  );
  const diffs = await history('configmaps', 'paint', '--diff', '--last', '2');
  t.match(diffs, /\n-  color: green\n\+ {2}color: blue\n/);
  t.match(diffs, /^--- paint \d+\n\+\+\+ paint \d+ .*\n@@ .*\n.*\n.*\n-  color: red\n/);
  const newest = await history('configmap/paint', '--last', '1');
  t.match(newest, /^REVISION .*\n\d+ .* changed .* data\.color\n$/);

  t.equal((await coordinator.asAdmin(`DELETE ${path}/paint`)).status, 200);
  t.match(await history('configmap', 'paint'), /\n\d+ +20\S+Z +\S.* deleted +\n$/);
  t.match(await history('cm', 'paint', '--at', between, '-o', 'json'), /"color": "green"/);

  await t.rejects(history('configmap', 'absent'), /configmaps "absent" not found/);
  await t.rejects(history('configmapp', 'paint'), /did you mean "configmaps?"/);
  await t.rejects(history('configmap', 'paint', '--no-trunc'), /is for the history of an image/);
  await t.rejects(history('alpine', '--at', '5m'), /is for the history of an object/);
  const past = (query: string) => coordinator.asAdmin(`GET ${path}/paint/history?${query}`);
  t.match(await past('at=2001-01-01T00:00:00Z'), { status: 404 }, 'it was not there yet');
  t.match(await past('at=once'), { status: 400, text: /is no time of RFC 3339/ });
  t.match(await past('resourceVersion=999999999'), { status: 400, text: /in the future/ });
  const reader = { 'Impersonate-User': 'eve', 'Content-Type': 'application/json' };
  const { certificate: cert, key } = coordinator;
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }];
  const role = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
  const made = { metadata: { name: 'reader' }, rules };
  await coordinator.asAdmin(`POST ${role}/roles`, JSON.stringify(made));
  const subjects = [{ kind: 'User', name: 'eve', apiGroup: 'rbac.authorization.k8s.io' }];
  const roleRef = { kind: 'Role', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' };
  const binding = { metadata: { name: 'reader' }, subjects, roleRef };
  await coordinator.asAdmin(`POST ${role}/rolebindings`, JSON.stringify(binding));
  const asEve = (line: string) => coordinator.request(line, { cert, key, headers: reader });
  await until(async () => (await asEve(`GET ${path}/kube-root-ca.crt`)).status === 200);
  const denied = await asEve(`GET ${path}/paint/history`);
  t.match(denied, { status: 403, text: /cannot get resource \\"configmaps\/history\\"/ });
});

function versionOf(text: string): string {
  const { metadata } = JSON.parse(text) as { metadata: { resourceVersion: string } };
  return metadata.resourceVersion;
}
