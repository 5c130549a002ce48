import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import type { Node } from '../stored.ts';

/** Whether a daemon's pod may start on a node, and whether one that runs there may stay. */
export interface Fit {
  readonly mayStart: boolean;
  readonly mayStay: boolean;
}

type PodSpec = coreV1.PodSpec;

const never: Fit = { mayStart: false, mayStay: false };

/** Daemons run on nodes that are in trouble: some of them are what gets the node out of it. */
export function daemonTolerations(spec: PodSpec): readonly coreV1.Toleration[] {
  const names = ['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'];
  if (spec.hostNetwork === true) names.push('network-unavailable');
  const added = [
    ...['not-ready', 'unreachable'].map((name) => ({ name, effect: 'NoExecute' })),
    ...names.map((name) => ({ name, effect: 'NoSchedule' })),
  ].map(({ name, effect }) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect }));
  const known = spec.tolerations ?? [];
  const isKnown = (one: coreV1.Toleration) =>
    known.some(
      ({ key, operator, effect }) =>
        key === one.key && operator === one.operator && effect === one.effect,
    );
  return [...known, ...added.filter((one) => !isKnown(one))];
}

/** How a pod of this template fits a node, by its name, its labels and its taints. */
export function fitOf(spec: PodSpec, node: Node): Fit {
  if (spec.nodeName !== undefined && spec.nodeName !== node.metadata.name) return never;
  if (!isSelected(spec, node)) return never;
  const tolerations = daemonTolerations(spec);
  const open = (node.spec?.taints ?? []).filter(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerations.some(tolerates(taint)),
  );
  return {
    mayStart: open.length === 0,
    mayStay: open.every(({ effect }) => effect !== 'NoExecute'),
  };
}

export function tolerates(taint: coreV1.Taint): (toleration: coreV1.Toleration) => boolean {
  return ({ key = '', operator = 'Equal', value = '', effect = '' }) => {
    if (effect !== '' && effect !== taint.effect) return false;
    if (key !== '' && key !== taint.key) return false;
    if (operator === 'Exists') return true;
    return key !== '' && value === (taint.value ?? '');
  };
}

function isSelected({ nodeSelector = {}, affinity }: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  if (!Object.entries(nodeSelector).every(([key, value]) => labels[key] === value)) return false;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return required.nodeSelectorTerms.some((term) => fitsTerm(term, node));
}

export function fitsTerm(
  { matchExpressions = [], matchFields = [] }: coreV1.NodeSelectorTerm,
  { metadata }: Node,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const labels = metadata.labels ?? {};
  const name = { 'metadata.name': metadata.name };
  return (
    matchExpressions.every((requirement) => holds(requirement, labels)) &&
    matchFields.every((requirement) => holds(requirement, name))
  );
}

function holds(
  { key, operator, values = [] }: coreV1.NodeSelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return isWhole(value) && Number(value) > Number(values[0]);
    case 'Lt':
      return isWhole(value) && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

function isWhole(value: string | undefined): boolean {
  return value !== undefined && /^-?\d{1,15}$/.test(value);
}
