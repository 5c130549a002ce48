import type { DefaultRole } from './default-role.ts';

const events = 'create,patch,update -,events.k8s.io events';

/** Of schedulers and controllers that run as processes of their own; ours have no need of them. */
export const controllerRoles: Readonly<Record<string, DefaultRole>> = {
  'system:kube-scheduler': {
    rules: `
      ${events}
      create coordination.k8s.io leases
      get,update coordination.k8s.io leases kube-scheduler
      read - nodes
      delete,read - pods
      create - bindings,pods/binding
      patch,update - pods/status
      read - replicationcontrollers,services
      read apps,extensions replicasets
      read apps statefulsets
      read policy poddisruptionbudgets
      read - persistentvolumeclaims,persistentvolumes
      create authentication.k8s.io tokenreviews
      create authorization.k8s.io subjectaccessreviews
      read storage.k8s.io csinodes
      read - namespaces
      read storage.k8s.io csidrivers,csistoragecapacities
    `,
  },
  'system:kube-controller-manager': {
    rules: `
      ${events}
      create coordination.k8s.io leases
      get,update coordination.k8s.io leases kube-controller-manager
      create - secrets,serviceaccounts
      delete - secrets
      get - configmaps,namespaces,secrets,serviceaccounts
      update - secrets,serviceaccounts
      create authentication.k8s.io tokenreviews
      create authorization.k8s.io subjectaccessreviews
      list,watch * *
      create - serviceaccounts/token
    `,
  },
  'system:controller:attachdetach-controller': {
    rules: `
      list,watch - persistentvolumeclaims,persistentvolumes,pods
      get,list,watch - nodes
      patch,update - nodes/status
      create,delete,read storage.k8s.io volumeattachments
      read storage.k8s.io csidrivers,csinodes
      ${events}
    `,
  },
  'system:controller:clusterrole-aggregation-controller': {
    rules: 'escalate,get,list,patch,update,watch rbac.authorization.k8s.io clusterroles',
  },
  'system:controller:cronjob-controller': {
    rules: `
      get,list,update,watch batch cronjobs
      create,delete,patch,read,update batch jobs
      update batch cronjobs/finalizers,cronjobs/status
      delete,list - pods
      ${events}
    `,
  },
  'system:controller:daemon-set-controller': {
    rules: `
      read apps,extensions daemonsets
      update apps,extensions daemonsets/status,daemonsets/finalizers
      list,watch - nodes
      create,delete,list,patch,watch - pods
      create - pods/binding
      create,delete,get,list,patch,update,watch apps controllerrevisions
      ${events}
    `,
  },
  'system:controller:deployment-controller': {
    rules: `
      get,list,update,watch apps,extensions deployments
      update apps,extensions deployments/status,deployments/finalizers
      create,delete,get,list,patch,update,watch apps,extensions replicasets
      get,list,update,watch - pods
      ${events}
    `,
  },
  'system:controller:disruption-controller': {
    rules: `
      read apps,extensions deployments,replicasets
      read apps statefulsets
      read - replicationcontrollers
      get,list,watch policy poddisruptionbudgets
      update policy poddisruptionbudgets/status
      patch,update - pods/status
      get * */scale
      ${events}
    `,
  },
  'system:controller:endpoint-controller': {
    rules: `
      read - pods,services
      create,delete,get,list,update - endpoints
      create - endpoints/restricted
      ${events}
    `,
  },
  'system:controller:endpointslice-controller': {
    rules: `
      read - nodes,pods,services
      update - services/finalizers
      create,delete,get,list,update discovery.k8s.io endpointslices
      create discovery.k8s.io endpointslices/restricted
      ${events}
    `,
  },
  'system:controller:generic-garbage-collector': {
    rules: `
      delete,get,list,patch,update,watch * *
      ${events}
    `,
  },
  'system:controller:horizontal-pod-autoscaler': {
    rules: `
      get,list,watch autoscaling horizontalpodautoscalers
      update autoscaling horizontalpodautoscalers/status
      get,update * */scale
      list - pods
      list metrics.k8s.io pods
      get,list custom.metrics.k8s.io,external.metrics.k8s.io *
      ${events}
    `,
  },
  'system:controller:job-controller': {
    rules: `
      get,list,patch,update,watch batch jobs
      update batch jobs/finalizers,jobs/status
      create,delete,list,patch,watch - pods
      ${events}
    `,
  },
  'system:controller:namespace-controller': {
    rules: `
      delete,get,list,watch - namespaces
      update - namespaces/finalize,namespaces/status
      delete,deletecollection,get,list * *
    `,
  },
  'system:controller:node-controller': {
    rules: `
      delete,get,list,patch,update - nodes
      patch,update - nodes/status
      patch,update - pods/status
      delete,get,list - pods
      ${events}
    `,
  },
  'system:controller:persistent-volume-binder': {
    rules: `
      create,delete,get,list,update,watch - persistentvolumes
      update - persistentvolumes/status
      get,list,update,watch - persistentvolumeclaims
      update - persistentvolumeclaims/status
      create,delete,get,list,watch - pods
      read storage.k8s.io storageclasses
      read - nodes
      ${events}
    `,
  },
  'system:controller:pod-garbage-collector': {
    rules: `
      delete,list,watch - pods
      get,list - nodes
      patch - pods/status
    `,
  },
  'system:controller:replicaset-controller': {
    rules: `
      get,list,update,watch apps,extensions replicasets
      update apps,extensions replicasets/status,replicasets/finalizers
      create,delete,list,patch,watch - pods
      ${events}
    `,
  },
  'system:controller:replication-controller': {
    rules: `
      get,list,update,watch - replicationcontrollers
      update - replicationcontrollers/status,replicationcontrollers/finalizers
      create,delete,list,patch,watch - pods
      ${events}
    `,
  },
  'system:controller:resourcequota-controller': {
    rules: `
      list,watch * *
      update - resourcequotas/status
      ${events}
    `,
  },
  'system:controller:root-ca-cert-publisher': {
    rules: `
      create,update - configmaps
      ${events}
    `,
  },
  'system:controller:service-account-controller': {
    rules: `
      create - serviceaccounts
      ${events}
    `,
  },
  'system:controller:statefulset-controller': {
    rules: `
      list,watch - pods
      get,list,watch apps statefulsets
      update apps statefulsets/status,statefulsets/finalizers
      create,delete,get,patch,update - pods
      create,delete,get,list,patch,update,watch apps controllerrevisions
      create,get - persistentvolumeclaims
      ${events}
    `,
  },
  'system:controller:ttl-after-finished-controller': {
    rules: `
      delete,get,list,watch batch jobs
      ${events}
    `,
  },
  'system:controller:certificate-controller': {
    rules: `
      delete,get,list,watch certificates.k8s.io certificatesigningrequests
      update certificates.k8s.io certificatesigningrequests/approval,
        certificatesigningrequests/status
      approve,sign certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet
      sign certificates.k8s.io signers kubernetes.io/kube-apiserver-client,
        kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown
      create authorization.k8s.io subjectaccessreviews
      ${events}
    `,
  },
};
