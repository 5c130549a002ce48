import type {
  LabelSelector,
  LabelSelectorRequirement,
} from '../../../../src/api/types/generated/meta-v1.ts';
import type {
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Service,
  Taint,
  Toleration,
} from '../../../../src/api/types/generated/core-v1.ts';
import type { ReplicaSet } from '../../../../src/api/types/generated/apps-v1.ts';
import type { PodDisruptionBudget } from '../../../../src/api/types/generated/policy-v1.ts';
import type { StorageClass } from '../../../../src/api/types/generated/storage-v1.ts';

/**
 * The reference: rules as formulas over plain lists, computed anew each time. Nothing here is
 * shared with the engine but the shapes of the kinds.
 */
export interface Model {
  nodes: Node[];
  /** Pods on nodes: `spec.nodeName` is set. */
  pods: Pod[];
  namespaces: Namespace[];
  services: Service[];
  replicaSets: ReplicaSet[];
  budgets: PodDisruptionBudget[];
  claims: PersistentVolumeClaim[];
  volumes: PersistentVolume[];
  classes: StorageClass[];
}

export type Labels = Readonly<Record<string, string>>;

export const labelsOf = (of: { readonly metadata: { readonly labels?: Labels | undefined } }) =>
  of.metadata.labels ?? {};

export const namespaceOf = (pod: Pod) => pod.metadata.namespace ?? 'default';

export const priorityOf = (pod: Pod) => pod.spec.priority ?? 0;

export const podsOn = (model: Model, node: Node) =>
  model.pods.filter((pod) => pod.spec.nodeName === node.metadata.name);

export function namespaceLabels(model: Model, name: string): Labels {
  const found = model.namespaces.find((namespace) => namespace.metadata.name === name);
  return found === undefined ? {} : labelsOf(found);
}

/** `250m`, `3`, `500Mi`, `2Gi`. */
export function parse(text: string): number {
  if (text.endsWith('m')) return Number(text.slice(0, -1)) / 1000;
  if (text.endsWith('Mi')) return Number(text.slice(0, -2)) * 1024 ** 2;
  if (text.endsWith('Gi')) return Number(text.slice(0, -2)) * 1024 ** 3;
  return Number(text);
}

/** Processors in thousandths. */
export const amount = (resource: string, text: string) =>
  resource === 'cpu' ? Math.round(parse(text) * 1000) : parse(text);

export type Requests = Record<string, number>;

export function requests(pod: Pod, assumed: Requests = {}): Requests {
  const total: Requests = {};
  const raise = (name: string, to: number) => {
    total[name] = Math.max(total[name] ?? 0, to);
  };
  const read = (container: Pod['spec']['containers'][number]): Requests => {
    const asked = Object.entries(container.resources?.requests ?? {});
    return { ...assumed, ...Object.fromEntries(asked.map(([n, text]) => [n, amount(n, text)])) };
  };
  const inits = pod.spec.initContainers ?? [];
  const sidecars = inits.filter((one) => one.restartPolicy === 'Always');
  for (const container of [...pod.spec.containers, ...sidecars]) {
    for (const [name, asked] of Object.entries(read(container))) {
      total[name] = (total[name] ?? 0) + asked;
    }
  }
  inits.forEach((container, index) => {
    // While this one starts, the sidecars before it run.
    const before = inits.slice(0, index).filter((one) => one.restartPolicy === 'Always');
    const together: Requests = {};
    for (const one of [container, ...before]) {
      for (const [name, asked] of Object.entries(read(one))) {
        together[name] = (together[name] ?? 0) + asked;
      }
    }
    for (const [name, asked] of Object.entries(together)) raise(name, asked);
  });
  for (const [name, text] of Object.entries(pod.spec.overhead ?? {})) {
    total[name] = (total[name] ?? 0) + amount(name, text);
  }
  return total;
}

function holds(requirement: LabelSelectorRequirement, labels: Labels): boolean {
  const value = labels[requirement.key];
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) < Number(values[0]);
    default:
      throw new Error(`unknown operator ${requirement.operator}`);
  }
}

export const matchesAll = (list: readonly LabelSelectorRequirement[], labels: Labels) =>
  list.every((requirement) => holds(requirement, labels));

/** No selector selects nothing, an empty one everything. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  const equal = Object.entries(selector.matchLabels ?? {}).every(([k, v]) => labels[k] === v);
  return equal && matchesAll(selector.matchExpressions ?? [], labels);
}

export function tolerated(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some((one) => {
    if (one.effect !== undefined && one.effect !== '' && one.effect !== taint.effect) return false;
    if (one.key === undefined || one.key === '') return one.operator === 'Exists';
    if (one.key !== taint.key) return false;
    return one.operator === 'Exists' || (one.value ?? '') === (taint.value ?? '');
  });
}

export const untolerated = (pod: Pod, node: Node) =>
  (node.spec?.taints ?? []).find(
    (taint) =>
      ['NoSchedule', 'NoExecute'].includes(taint.effect) &&
      !tolerated(pod.spec.tolerations ?? [], taint),
  );

type Term = NonNullable<
  NonNullable<
    NonNullable<Pod['spec']['affinity']>['podAffinity']
  >['requiredDuringSchedulingIgnoredDuringExecution']
>[number];

/** Whether a term that `owner` has speaks of `other`. */
export function speaksOf(model: Model, { owner, term }: { owner: Pod; term: Term }, other: Pod) {
  const { namespaces = [], namespaceSelector, labelSelector } = term;
  const namespace = namespaceOf(other);
  const inside =
    namespaces.length === 0 && namespaceSelector === undefined
      ? namespace === namespaceOf(owner)
      : namespaces.includes(namespace) ||
        selects(namespaceSelector, namespaceLabels(model, namespace));
  const own = labelsOf(owner);
  const theirs = labelsOf(other);
  return (
    inside &&
    selects(labelSelector, theirs) &&
    (term.matchLabelKeys ?? []).every(
      (key) => own[key] === undefined || theirs[key] === own[key],
    ) &&
    (term.mismatchLabelKeys ?? []).every(
      (key) => own[key] === undefined || theirs[key] !== own[key],
    )
  );
}

/** Node selector and required node affinity. */
export function nodeAllowed(pod: Pod, node: Node): boolean {
  const labels = labelsOf(node);
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => meets(term, node));
}

type NodeTerm = NonNullable<
  NonNullable<
    NonNullable<Pod['spec']['affinity']>['nodeAffinity']
  >['requiredDuringSchedulingIgnoredDuringExecution']
>['nodeSelectorTerms'][number];

export function meets(term: NodeTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchesAll(matchExpressions, labelsOf(node)) &&
    matchesAll(matchFields, { 'metadata.name': node.metadata.name ?? '' })
  );
}
