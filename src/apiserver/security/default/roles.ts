import type { DefaultRole } from './default-role.ts';
import { controllerRoles } from './controller-roles.ts';
import { nodeRules } from './node-rules.ts';

/** What every cluster starts with, by name. */
export const defaultRoles: Readonly<Record<string, DefaultRole>> = {
  'cluster-admin': {
    rules: `
      * * *
      * path *
    `,
  },
  admin: { rules: '', aggregates: 'aggregate-to-admin' },
  edit: { rules: '', aggregates: 'aggregate-to-edit', belongsTo: 'aggregate-to-admin' },
  view: { rules: '', aggregates: 'aggregate-to-view', belongsTo: 'aggregate-to-edit' },
  'system:aggregate-to-admin': {
    belongsTo: 'aggregate-to-admin',
    rules: `
      create authorization.k8s.io localsubjectaccessreviews
      write,read rbac.authorization.k8s.io roles,rolebindings
    `,
  },
  'system:aggregate-to-edit': {
    belongsTo: 'aggregate-to-edit',
    rules: `
      read - pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy
      impersonate - serviceaccounts
      write - pods,pods/attach,pods/exec,pods/portforward,pods/proxy
      create - pods/eviction
      write - configmaps,events,persistentvolumeclaims,replicationcontrollers,
        replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy
      create - serviceaccounts/token
      write apps daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,
        replicasets/scale,statefulsets,statefulsets/scale
      write autoscaling horizontalpodautoscalers
      write batch cronjobs,jobs
      write extensions daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,
        networkpolicies,replicasets,replicasets/scale,replicationcontrollers/scale
      write policy poddisruptionbudgets
      write networking.k8s.io ingresses,networkpolicies
      write,read coordination.k8s.io leases
    `,
  },
  'system:aggregate-to-view': {
    belongsTo: 'aggregate-to-view',
    rules: `
      read - configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,
        replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,
        services/status
      read - bindings,events,limitranges,namespaces/status,pods/log,pods/status,
        replicationcontrollers/status,resourcequotas,resourcequotas/status
      read - namespaces
      read discovery.k8s.io endpointslices
      read apps controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,
        deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,
        statefulsets/scale,statefulsets/status
      read autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status
      read batch cronjobs,cronjobs/status,jobs,jobs/status
      read extensions daemonsets,daemonsets/status,deployments,deployments/scale,
        deployments/status,ingresses,ingresses/status,networkpolicies,replicasets,
        replicasets/scale,replicasets/status,replicationcontrollers/scale
      read policy poddisruptionbudgets,poddisruptionbudgets/status
      read networking.k8s.io ingresses,ingresses/status,networkpolicies
    `,
  },
  'system:aggregated-metrics-reader': {
    belongsTo: 'aggregate-to-view',
    rules: 'read metrics.k8s.io nodes,pods',
  },
  'system:discovery': {
    rules: `
        get path /api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,
          /version/
      `,
  },
  'system:public-info-viewer': {
    rules: 'get path /healthz,/livez,/readyz,/version,/version/',
  },
  'system:monitoring': {
    rules: `
      get path /healthz,/healthz/*,/livez,/livez/*,/metrics,/metrics/slis,/readyz,
        /readyz/*
    `,
  },
  'system:basic-user': {
    rules: `
      create authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews
      create authentication.k8s.io selfsubjectreviews
    `,
  },
  'keelson:cluster-network': { rules: 'get path /keelson/network' },
  'keelson:node-ingress': {
    rules: 'list,watch networking.k8s.io ingresses,ingressclasses',
  },
  'system:service-account-issuer-discovery': {
    rules: `
        get path /.well-known/openid-configuration,/.well-known/openid-configuration/,
          /openid/v1/jwks,/openid/v1/jwks/
      `,
  },
  'system:node': { rules: nodeRules },
  'system:node-proxier': {
    rules: `
      list,watch - services,endpoints
      read - nodes
      create,patch,update -,events.k8s.io events
      list,watch discovery.k8s.io endpointslices
    `,
  },
  'system:node-problem-detector': {
    rules: `
      get - nodes
      patch - nodes/status
      create,patch,update -,events.k8s.io events
    `,
  },
  'system:node-bootstrapper': {
    rules: 'create,read certificates.k8s.io certificatesigningrequests',
  },
  'system:kubelet-api-admin': {
    rules: `
      read - nodes
      proxy - nodes
      * - nodes/log,nodes/metrics,nodes/proxy,nodes/stats,nodes/configz,nodes/healthz,nodes/pods
    `,
  },
  'system:auth-delegator': {
    rules: `
      create authentication.k8s.io tokenreviews
      create authorization.k8s.io subjectaccessreviews
    `,
  },
  'system:kube-aggregator': { rules: 'read - endpoints,services' },
  'system:kube-dns': { rules: 'list,watch - endpoints,services' },
  'system:persistent-volume-provisioner': {
    rules: `
      create,delete,read - persistentvolumes
      update,read - persistentvolumeclaims
      read storage.k8s.io storageclasses
      watch - events
      create,patch,update -,events.k8s.io events
    `,
  },
  'system:volume-scheduler': {
    rules: `
      read,patch,update - persistentvolumes
      read storage.k8s.io storageclasses
      read,patch,update - persistentvolumeclaims
    `,
  },
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': {
    rules: 'create certificates.k8s.io certificatesigningrequests/nodeclient',
  },
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': {
    rules: 'create certificates.k8s.io certificatesigningrequests/selfnodeclient',
  },
  'system:certificates.k8s.io:kube-apiserver-client-approver': {
    rules: 'approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client',
  },
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': {
    rules: 'approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet',
  },
  'system:certificates.k8s.io:kubelet-serving-approver': {
    rules: 'approve certificates.k8s.io signers kubernetes.io/kubelet-serving',
  },
  'system:certificates.k8s.io:legacy-unknown-approver': {
    rules: 'approve certificates.k8s.io signers kubernetes.io/legacy-unknown',
  },
  ...controllerRoles,
};
