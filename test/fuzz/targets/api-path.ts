import { findRoute } from '../../../src/apiserver/route.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** Paths of requests, as a URL parser leaves them: a name never leads out of its folder. */
export const target: FuzzTarget = {
  run(input) {
    const url = `http://localhost/${input.toString('latin1')}`;
    if (!URL.canParse(url)) return;
    const route = findRoute(new URL(url).pathname);
    if (route.to !== 'resource') return;
    const { kind, namespace, name, rest } = route.resource;
    hold(!/[/\0]/.test(namespace + name), 'a name is one part of a path');
    hold(kind.namespaced || namespace === '', 'only what has namespaces is in one');
    hold(rest === '' || rest.startsWith('/'), 'what is passed on is a path');
  },
  seeds: [
    'api/v1/namespaces/default/pods/web/log',
    'apis/apps/v1/deployments',
    'api/v1/namespaces/a/services/https:web:443/proxy//x%2F..?y',
    'api/v1/nodes/n1/proxy/',
    'openapi/v3/apis/apps/v1',
    'api/v1/namespaces/blue/finalize',
    'readyz/etcd',
  ],
  words: ['%2F', '%00', '/../', '%2e%2e', '//', 'namespaces/', '/proxy/', '%ff'],
};
