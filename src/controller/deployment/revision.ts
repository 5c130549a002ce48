import type { Deployment, ReplicaSet } from '../stored.ts';
import { boundsOf } from './bounds.ts';

export const annotation = {
  revision: 'deployment.kubernetes.io/revision',
  history: 'deployment.kubernetes.io/revision-history',
  desired: 'deployment.kubernetes.io/desired-replicas',
  maximum: 'deployment.kubernetes.io/max-replicas',
} as const;

/** What a replica set does not take over from its deployment. */
const ownAnnotations: ReadonlySet<string> = new Set([
  ...Object.values(annotation),
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
]);

const longestHistory = 2000;

type Annotations = Readonly<Record<string, string>>;

export function revisionOf({ metadata }: ReplicaSet): number {
  return numberIn(metadata.annotations, annotation.revision) ?? 0;
}

/** The newest of these revisions; 0 for none. */
export function newestRevision(sets: readonly ReplicaSet[]): number {
  return Math.max(0, ...sets.map(revisionOf));
}

export function desiredOf({ metadata }: ReplicaSet): number | undefined {
  return numberIn(metadata.annotations, annotation.desired);
}

export function maximumOf({ metadata }: ReplicaSet): number | undefined {
  return numberIn(metadata.annotations, annotation.maximum);
}

/** Annotations of the set that runs the deployment's newest template. */
export function annotationsOfNew(
  deployment: Deployment,
  known: Annotations,
  revision: number,
): Annotations {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([name]) => !ownAnnotations.has(name),
  );
  const before = known[annotation.revision];
  const carried = { ...known, ...Object.fromEntries(copied) };
  if (Number(before ?? 0) >= revision) return carried;
  const history = historyOf(known[annotation.history], before);
  return {
    ...carried,
    [annotation.revision]: String(revision),
    ...(history !== '' && { [annotation.history]: history }),
  };
}

/** What a set of this deployment says of its size, for scaling in proportion. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const replicas = deployment.spec.replicas ?? 1;
  return {
    [annotation.desired]: String(replicas),
    [annotation.maximum]: String(replicas + boundsOf(deployment).surge),
  };
}

/** A set that is rolled back to had other revisions before. */
function historyOf(history: string | undefined, before: string | undefined): string {
  if (before === undefined) return history ?? '';
  const revisions = history === undefined || history === '' ? [] : history.split(',');
  revisions.push(before);
  while (revisions.join(',').length > longestHistory) revisions.shift();
  return revisions.join(',');
}

function numberIn(annotations: Annotations | undefined, name: string): number | undefined {
  const text = annotations?.[name];
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
