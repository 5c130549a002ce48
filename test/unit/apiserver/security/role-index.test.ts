import t from 'tap';
import { RoleIndex } from '../../../../src/apiserver/security/authorize/role-index.ts';
import { defaultRoles } from '../../../../src/apiserver/security/default/roles.ts';
import { readRules } from '../../../../src/apiserver/security/default/rule-text.ts';
import { notCovered, ruleText } from '../../../../src/apiserver/security/authorize/rule.ts';
import type { JsonObject } from '../../../../src/api/json.ts';
import type { User } from '../../../../src/apiserver/security/user.ts';

const jane: User = { name: 'jane', uid: '', groups: ['dev', 'system:authenticated'], extra: {} };

function robot(namespace: string): User {
  const name = `system:serviceaccount:${namespace}:robot`;
  return { name, uid: '', groups: [], extra: {} };
}

function role(name: string, rules: string, namespace?: string): JsonObject {
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  return {
    kind,
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    rules: readRules(rules),
  };
}

function binding(name: string, to: string, namespace?: string): JsonObject {
  const [roleKind = '', roleName = '', subjectKind = '', subject = ''] = to.split(' ');
  const [account = '', where] = subject.split('/').toReversed();
  return {
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    roleRef: { kind: roleKind, name: roleName },
    subjects: [
      {
        kind: subjectKind,
        name: account,
        ...(where !== undefined && where !== '' && { namespace: where }),
      },
    ],
  };
}

function ask(index: RoleIndex, user: User, text: string): boolean {
  const [verb = '', group = '', thing = '', namespace = '', name = ''] = text.split(' ');
  if (group === 'path') return index.decide(user, { verb, path: thing }).allowed;
  const [resource = '', subresource = ''] = thing.split('/');
  return index.decide(user, {
    verb,
    group: group === '-' ? '' : group,
    resource,
    subresource,
    namespace: namespace === '-' ? '' : namespace,
    name,
  }).allowed;
}

t.test('a binding gives its role in its namespace, or in the whole cluster', async (t) => {
  const index = new RoleIndex();
  index.setRole(role('reader', 'read - pods'));
  index.setBinding(binding('b', 'ClusterRole reader User jane', 'blue'));
  t.equal(ask(index, jane, 'get - pods blue web'), true);
  t.equal(ask(index, jane, 'list - pods blue'), true);
  t.equal(ask(index, jane, 'list - pods red'), false);
  t.equal(ask(index, jane, 'list - pods -'), false, 'not of all namespaces');
  t.equal(ask(index, jane, 'delete - pods blue web'), false);
  index.setBinding(binding('all', 'ClusterRole reader Group dev'));
  t.equal(ask(index, jane, 'list - pods red'), true);
  t.equal(ask(index, jane, 'list - pods -'), true);
  index.removeBinding(binding('all', 'ClusterRole reader Group dev'));
  t.equal(ask(index, jane, 'list - pods red'), false);
  index.removeRole(role('reader', ''));
  t.equal(ask(index, jane, 'list - pods blue'), false);
});

t.test('rules are about subresources, names, groups and paths exactly', async (t) => {
  const index = new RoleIndex();
  const rules = `
    get - pods/log,*/scale
    update - configmaps one
    * apps *
    get path /healthz,/api/*
  `;
  index.setRole(role('r', rules));
  index.setBinding(binding('b', 'ClusterRole r User jane'));
  t.equal(ask(index, jane, 'get - pods/log blue web'), true);
  t.equal(ask(index, jane, 'get - pods blue web'), false, 'a subresource is not its owner');
  t.equal(ask(index, jane, 'get - things/scale blue web'), true);
  t.equal(ask(index, jane, 'update - configmaps blue one'), true);
  t.equal(ask(index, jane, 'update - configmaps blue two'), false);
  t.equal(ask(index, jane, 'update - configmaps blue'), false, 'a name is no collection');
  t.equal(ask(index, jane, 'delete apps deployments/status blue x'), true);
  t.equal(ask(index, jane, 'delete batch jobs blue x'), false);
  t.equal(ask(index, jane, 'get path /healthz'), true);
  t.equal(ask(index, jane, 'get path /api/v1'), true);
  t.equal(ask(index, jane, 'get path /apis'), false);
  t.equal(ask(index, jane, 'post path /healthz'), false);
});

t.test('a service account is bound by namespace and name', async (t) => {
  const index = new RoleIndex();
  index.setRole(role('r', 'get - pods', 'blue'));
  index.setBinding(binding('b', 'Role r ServiceAccount red/robot', 'blue'));
  t.equal(ask(index, robot('red'), 'get - pods blue x'), true);
  t.equal(ask(index, robot('blue'), 'get - pods blue x'), false);
  t.equal(ask(index, robot('red'), 'get - pods red x'), false);
});

t.test('a binding to a role that is not there is told', async (t) => {
  const index = new RoleIndex();
  index.setBinding(binding('b', 'ClusterRole gone User jane'));
  const attributes = {
    verb: 'get',
    group: '',
    resource: 'pods',
    subresource: '',
    namespace: '',
    name: '',
  };
  const { reason } = index.decide(jane, attributes);
  t.equal(reason, 'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found');
});

t.test('the words inherited by all objects are no subjects', async (t) => {
  const index = new RoleIndex();
  for (const name of ['__proto__', 'constructor', 'toString']) {
    t.equal(ask(index, { ...jane, name, groups: [name] }, 'get - pods blue x'), false);
  }
});

t.test('what is not covered is found, verb by verb and thing by thing', async (t) => {
  const owned = readRules(`
    get,list - pods,*/scale
    * apps deployments
    get - secrets one
    get path /api/*
  `);
  const missing = (text: string) => notCovered(owned, readRules(text)).map(ruleText);
  t.same(missing('get - pods'), []);
  t.same(missing('get - pods web'), [], 'all pods are more than one');
  t.same(missing('get - deployments/scale'), []);
  t.same(missing('patch,delete apps deployments'), []);
  t.same(missing('get - secrets one'), []);
  t.same(missing('get path /api/v1'), []);
  t.same(missing('get - secrets'), ['{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}']);
  t.same(missing('get,watch - pods'), ['{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}']);
  t.same(missing('get path /*'), ['{NonResourceURLs:["/*"], Verbs:["get"]}']);
  t.equal(missing('* * *').length, 1);
  t.equal(missing('get - *').length, 1);
});

t.test('every default role is read, and asks of no unknown word', async (t) => {
  for (const [name, { rules, aggregates }] of Object.entries(defaultRoles)) {
    const read = readRules(rules);
    t.ok(read.length > 0 || aggregates !== undefined, name);
    for (const rule of read) {
      t.notMatch(rule.verbs.join(), /read|write/, name);
      t.ok(
        (rule.resources ?? rule.nonResourceURLs ?? []).every((word) => word !== ''),
        name,
      );
    }
  }
});

t.test('a decision takes microseconds, whatever else is bound', async (t) => {
  const index = new RoleIndex();
  for (const [name, { rules }] of Object.entries(defaultRoles)) index.setRole(role(name, rules));
  for (let count = 0; count < 5000; count += 1) {
    index.setBinding(binding(`b${count}`, `ClusterRole view User user${count}`, `ns${count}`));
  }
  index.setBinding(binding('own', 'ClusterRole system:aggregate-to-edit User jane', 'blue'));
  const rounds = 20_000;
  const begun = process.cpuUsage().user;
  for (let round = 0; round < rounds; round += 1)
    ask(index, jane, 'update apps deployments blue x');
  const each = (process.cpuUsage().user - begun) / rounds;
  t.comment(`${each.toFixed(2)} µs of the processor each`);
  t.ok(each < 200, 'not one walk through all bindings');
});
