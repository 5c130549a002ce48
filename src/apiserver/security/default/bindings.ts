import type { Subject } from '../../../api/types/generated/rbac-v1.ts';
import { controllerRoles } from './controller-roles.ts';

export interface DefaultBinding {
  readonly role: string;
  /** `Group system:masters`, `ServiceAccount kube-system/kube-dns` */
  readonly subjects: readonly string[];
}

const controllerPrefix = 'system:controller:';

/** What every cluster starts with, by name. */
export const defaultBindings: Readonly<Record<string, DefaultBinding>> = {
  'cluster-admin': { role: 'cluster-admin', subjects: ['Group system:masters'] },
  'system:monitoring': { role: 'system:monitoring', subjects: ['Group system:monitoring'] },
  'system:discovery': { role: 'system:discovery', subjects: ['Group system:authenticated'] },
  'system:basic-user': { role: 'system:basic-user', subjects: ['Group system:authenticated'] },
  'system:public-info-viewer': {
    role: 'system:public-info-viewer',
    subjects: ['Group system:authenticated', 'Group system:unauthenticated'],
  },
  'system:service-account-issuer-discovery': {
    role: 'system:service-account-issuer-discovery',
    subjects: ['Group system:serviceaccounts'],
  },
  // Nodes have the node authorizer, which knows what is theirs.
  'system:node': { role: 'system:node', subjects: [] },
  'system:node-proxier': { role: 'system:node-proxier', subjects: ['User system:kube-proxy'] },
  // The network agent of a node has the node's own certificate, and does a proxy's work by it.
  'keelson:node-network': { role: 'system:node-proxier', subjects: ['Group system:nodes'] },
  // Each node serves the cluster's Ingresses; their Secrets it gets from the node authorizer.
  'keelson:node-ingress': { role: 'keelson:node-ingress', subjects: ['Group system:nodes'] },
  // What a machine that joins has to be told of the cluster.
  'keelson:cluster-network': {
    role: 'keelson:cluster-network',
    subjects: ['Group system:bootstrappers', 'Group system:nodes'],
  },
  'system:kube-scheduler': {
    role: 'system:kube-scheduler',
    subjects: ['User system:kube-scheduler'],
  },
  'system:volume-scheduler': {
    role: 'system:volume-scheduler',
    subjects: ['User system:kube-scheduler'],
  },
  'system:kube-controller-manager': {
    role: 'system:kube-controller-manager',
    subjects: ['User system:kube-controller-manager'],
  },
  'system:kube-dns': { role: 'system:kube-dns', subjects: ['ServiceAccount kube-system/kube-dns'] },
  // Machines that join by a token get a node's certificate, and renew it, without anybody's help.
  'keelson:node-bootstrapper': {
    role: 'system:node-bootstrapper',
    subjects: ['Group system:bootstrappers'],
  },
  'keelson:node-autoapprove-bootstrap': {
    role: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    subjects: ['Group system:bootstrappers'],
  },
  'keelson:node-autoapprove-certificate-rotation': {
    role: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    subjects: ['Group system:nodes'],
  },
  ...Object.fromEntries(
    Object.keys(controllerRoles)
      .filter((name) => name.startsWith(controllerPrefix))
      .map((name) => {
        const account = name.slice(controllerPrefix.length);
        return [name, { role: name, subjects: [`ServiceAccount kube-system/${account}`] }];
      }),
  ),
};

const rbac = 'rbac.authorization.k8s.io';

export function readSubject(text: string): Subject {
  const [kind = '', name = ''] = text.split(' ');
  if (kind !== 'ServiceAccount') return { kind, apiGroup: rbac, name };
  const [namespace = '', account = ''] = name.split('/');
  return { kind, name: account, namespace };
}
