import { parsePolicy } from '../../../src/apiserver/security/audit/policy.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const user = { name: 'eve', uid: '', groups: ['system:authenticated'], extra: {} };
const pods = { verb: 'get', group: '', resource: 'pods', subresource: 'log' };

/** Files that say what of which requests is written down. */
export const target: FuzzTarget = {
  run(input) {
    const policy = parsePolicy(input.toString(), 'policy.yaml');
    const occasions = [
      { user, attributes: { ...pods, namespace: 'default', name: 'web' } },
      { user: undefined, attributes: { verb: 'get', path: '/healthz' } },
    ];
    for (const occasion of occasions) {
      const level = policy.levelOf(occasion);
      hold(/^(None|Metadata|Request|RequestResponse)$/.test(level), 'a level is one of four');
      hold(level !== 'RequestResponse' || policy.wantsAnswers, 'what is written down is kept');
    }
  },
  seeds: [
    'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n',
    JSON.stringify({
      kind: 'Policy',
      rules: [
        { level: 'None', users: ['eve'], verbs: ['watch'], nonResourceURLs: ['/health*'] },
        { level: 'RequestResponse', resources: [{ group: '', resources: ['pods/*', '*/log'] }] },
        { level: 'Request', namespaces: ['default'], userGroups: ['system:authenticated'] },
      ],
    }),
  ],
  words: ['RequestResponse', 'resourceNames', 'omitStages', '*/', '&a [*a]', '<<:'],
};
