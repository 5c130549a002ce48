import { apiVersionOf, type Kind, type Subresource } from './kind.ts';

const ofPods =
  'attach,binding,ephemeralcontainers,eviction,exec,log,portforward,proxy,resize,status';

/**
 * A line a kind: name, plural, short names, `n` for namespaced or `c` for cluster-wide or `v` for
 * virtual ones, subresources; then, where they are not the usual ones, `in=` categories, `of=` the
 * version that is stored, `as=` the package of the type, `at=` the folder in the store, `ns` for
 * virtual kinds of a namespace, `now` for those that are measured.
 */
const tables: Readonly<Record<string, string>> = {
  v1: `
    Binding bindings - v - ns
    ComponentStatus componentstatuses cs c - now
    ConfigMap configmaps cm n -
    Endpoints endpoints ep n - at=services/endpoints singular=endpoints
    Event events ev n -
    LimitRange limitranges limits n -
    Namespace namespaces ns c finalize,status
    Node nodes no c proxy,status at=minions
    PersistentVolumeClaim persistentvolumeclaims pvc n status
    PersistentVolume persistentvolumes pv c status
    Pod pods po n ${ofPods} in=all
    PodTemplate podtemplates - n -
    ReplicationController replicationcontrollers rc n scale,status in=all at=controllers
    ResourceQuota resourcequotas quota n status
    Secret secrets - n -
    ServiceAccount serviceaccounts sa n token
    Service services svc n proxy,status in=all at=services/specs
  `,
  'apps/v1': `
    ControllerRevision controllerrevisions - n -
    DaemonSet daemonsets ds n status in=all
    Deployment deployments deploy n scale,status in=all
    ReplicaSet replicasets rs n scale,status in=all
    StatefulSet statefulsets sts n scale,status in=all
  `,
  'batch/v1': `
    CronJob cronjobs cj n status in=all
    Job jobs - n status in=all
  `,
  'coordination.k8s.io/v1': 'Lease leases - n -',
  'discovery.k8s.io/v1': 'EndpointSlice endpointslices - n -',
  'events.k8s.io/v1': 'Event events ev n - of=v1 as=events.v1',
  'networking.k8s.io/v1': `
    IngressClass ingressclasses - c -
    Ingress ingresses ing n status at=ingress
    NetworkPolicy networkpolicies netpol n -
  `,
  'storage.k8s.io/v1': `
    CSIDriver csidrivers - c -
    CSINode csinodes - c -
    CSIStorageCapacity csistoragecapacities - n -
    StorageClass storageclasses sc c -
    VolumeAttachment volumeattachments - c status
  `,
  'node.k8s.io/v1': 'RuntimeClass runtimeclasses - c -',
  'scheduling.k8s.io/v1': 'PriorityClass priorityclasses pc c -',
  'policy/v1': 'PodDisruptionBudget poddisruptionbudgets pdb n status',
  'autoscaling/v2': 'HorizontalPodAutoscaler horizontalpodautoscalers hpa n status in=all',
  'autoscaling/v1':
    'HorizontalPodAutoscaler horizontalpodautoscalers hpa n status ' +
    'in=all of=autoscaling/v2 as=autoscaling.v1',
  'rbac.authorization.k8s.io/v1': `
    ClusterRoleBinding clusterrolebindings - c -
    ClusterRole clusterroles - c -
    RoleBinding rolebindings - n -
    Role roles - n -
  `,
  'authentication.k8s.io/v1': `
    SelfSubjectReview selfsubjectreviews - v -
    TokenReview tokenreviews - v -
  `,
  'authorization.k8s.io/v1': `
    LocalSubjectAccessReview localsubjectaccessreviews - v - ns
    SelfSubjectAccessReview selfsubjectaccessreviews - v -
    SelfSubjectRulesReview selfsubjectrulesreviews - v -
    SubjectAccessReview subjectaccessreviews - v -
  `,
  'certificates.k8s.io/v1':
    'CertificateSigningRequest certificatesigningrequests csr c approval,status',
  'apiextensions.k8s.io/v1':
    'CustomResourceDefinition customresourcedefinitions crd,crds c status ' +
    'in=api-extensions at=apiextensions.k8s.io/customresourcedefinitions',
  // Versions of old, for the manifests of their time.
  'apps/v1beta2': `
    DaemonSet daemonsets ds n status in=all of=apps/v1
    Deployment deployments deploy n scale,status in=all of=apps/v1
    ReplicaSet replicasets rs n scale,status in=all of=apps/v1
    StatefulSet statefulsets sts n scale,status in=all of=apps/v1
  `,
  'apps/v1beta1': `
    Deployment deployments deploy n scale,status in=all of=apps/v1
    StatefulSet statefulsets sts n scale,status in=all of=apps/v1
  `,
  'extensions/v1beta1': `
    DaemonSet daemonsets ds n status of=apps/v1
    Deployment deployments deploy n scale,status of=apps/v1
    Ingress ingresses ing n status of=networking.k8s.io/v1 as=networking.v1beta1 at=ingress
    NetworkPolicy networkpolicies netpol n - of=networking.k8s.io/v1
    ReplicaSet replicasets rs n scale,status of=apps/v1
  `,
  'networking.k8s.io/v1beta1': `
    Ingress ingresses ing n status of=networking.k8s.io/v1 as=networking.v1beta1 at=ingress
    IngressClass ingressclasses - c - of=networking.k8s.io/v1
  `,
  'batch/v1beta1': 'CronJob cronjobs cj n status in=all of=batch/v1',
  'policy/v1beta1': 'PodDisruptionBudget poddisruptionbudgets pdb n status of=policy/v1',
  'authentication.k8s.io/v1beta1':
    'SelfSubjectReview selfsubjectreviews - v - of=authentication.k8s.io/v1',
  'rbac.authorization.k8s.io/v1beta1': `
    ClusterRoleBinding clusterrolebindings - c - of=rbac.authorization.k8s.io/v1
    ClusterRole clusterroles - c - of=rbac.authorization.k8s.io/v1
    RoleBinding rolebindings - n - of=rbac.authorization.k8s.io/v1
    Role roles - n - of=rbac.authorization.k8s.io/v1
  `,
  'storage.k8s.io/v1beta1': 'StorageClass storageclasses sc c - of=storage.k8s.io/v1',
  'metrics.k8s.io/v1beta1': `
    NodeMetrics nodes - c - now singular= at=metrics/nodes
    PodMetrics pods - n - now singular= at=metrics/pods
  `,
};

/** Every kind in every version, in the order of discovery: newest version of a group first. */
export const kinds: readonly Kind[] = Object.entries(tables).flatMap(([apiVersion, text]) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => readKind(apiVersion, line)),
);

const byName = new Map(kinds.map((kind) => [`${apiVersionOf(kind)}/${kind.kind}`, kind]));
const byResource = new Map(kinds.map((kind) => [`${apiVersionOf(kind)}/${kind.plural}`, kind]));

/** The kind of an object by its `apiVersion` and `kind`. */
export function findKind(apiVersion: string, kind: string): Kind | undefined {
  return byName.get(`${apiVersion}/${kind}`);
}

/** The kind at a path: `apps/v1`, `deployments`. */
export function findResource(apiVersion: string, plural: string): Kind | undefined {
  return byResource.get(`${apiVersion}/${plural}`);
}

/** The version of a kind that is stored. */
export function storedKind(kind: Kind): Kind {
  if (kind.custom !== undefined) return kind.custom.stored;
  if (kind.storedAs === undefined) return kind;
  const stored = findKind(kind.storedAs, kind.kind);
  if (stored === undefined) throw new Error(`${kind.storedAs} has no ${kind.kind}`);
  return stored;
}

function readKind(apiVersion: string, line: string): Kind {
  const [name = '', plural = '', short = '-', scope = 'n', below = '-', ...rest] = line.split(' ');
  const option = (key: string) =>
    rest.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
  const [group, version] = splitVersion(apiVersion);
  const storedAs = option('of');
  return {
    group,
    version,
    kind: name,
    plural,
    singular: option('singular') ?? name.toLowerCase(),
    shortNames: short === '-' ? [] : short.split(','),
    categories: option('in')?.split(',') ?? [],
    namespaced: scope === 'n' || rest.includes('ns'),
    subresources: below === '-' ? [] : (below.split(',') as Subresource[]),
    type: `${option('as') ?? packageOf(storedAs ?? apiVersion)}.${name}`,
    prefix: `/registry/${option('at') ?? plural}/`,
    virtual: scope === 'v',
    measured: rest.includes('now'),
    storedAs,
    builtIn: name,
  };
}

function splitVersion(apiVersion: string): [string, string] {
  const at = apiVersion.indexOf('/');
  return at < 0 ? ['', apiVersion] : [apiVersion.slice(0, at), apiVersion.slice(at + 1)];
}

/** `networking.v1` for `networking.k8s.io/v1`, `core.v1` for `v1`. */
function packageOf(apiVersion: string): string {
  const [group, version] = splitVersion(apiVersion);
  return `${group === '' ? 'core' : (group.split('.')[0] ?? '')}.${version}`;
}
