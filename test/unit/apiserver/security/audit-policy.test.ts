import t from 'tap';
import { defaultPolicy, parsePolicy } from '../../../../src/apiserver/security/audit/policy.ts';
import type { User } from '../../../../src/apiserver/security/user.ts';

const jane: User = { name: 'jane', uid: '', groups: ['dev'], extra: {} };

function about(verb: string, resource: string, namespace = 'blue') {
  const [plural = '', subresource = ''] = resource.split('/');
  return {
    user: jane,
    attributes: { verb, group: '', resource: plural, subresource, namespace, name: 'x' },
  };
}

function levelOfPath(path: string): string {
  return defaultPolicy.levelOf({ user: undefined, attributes: { verb: 'get', path } });
}

t.test('the first rule that fits decides', async (t) => {
  const policy = parsePolicy(
    `
kind: Policy
rules:
  - { level: None, users: [robot] }
  - { level: Request, userGroups: [dev], verbs: [create], resources: [{ resources: [pods] }] }
  - { level: None, namespaces: [red] }
  - { level: None, nonResourceURLs: ["/api*"] }
  - { level: Metadata, resources: [{ resources: ["pods/*", "*/scale"] }] }
`,
    'policy.yaml',
  );
  t.equal(policy.levelOf(about('create', 'pods')), 'Request');
  t.equal(policy.levelOf({ ...about('create', 'pods'), user: { ...jane, name: 'robot' } }), 'None');
  t.equal(policy.levelOf(about('create', 'pods/exec')), 'Metadata');
  t.equal(policy.levelOf(about('update', 'things/scale')), 'Metadata');
  t.equal(policy.levelOf(about('get', 'pods/log', 'red')), 'None');
  t.equal(policy.levelOf(about('get', 'nodes')), 'None', 'nothing fits');
  t.equal(policy.levelOf({ user: jane, attributes: { verb: 'get', path: '/apis' } }), 'None');
});

t.test('without a policy all but health checks is written down', async (t) => {
  t.equal(levelOfPath('/livez'), 'None');
  t.equal(levelOfPath('/metrics'), 'Metadata');
  t.equal(defaultPolicy.levelOf(about('get', 'secrets')), 'Metadata');
});
