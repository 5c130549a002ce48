import type * as batchV1 from '../../api/types/generated/batch-v1.ts';
import type { Job, Pod } from '../stored.ts';

type Rule = batchV1.PodFailurePolicyRule;

/** What a job's policy says of a failed pod. */
export interface Verdict {
  /** `Count` where no rule matches. */
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';
  /** For `FailJob`: which rule, and why. */
  readonly message: string;
}

const actions = ['FailJob', 'FailIndex', 'Ignore'] as const;

/** The first rule that matches decides. */
export function judge({ spec }: Job, pod: Pod): Verdict {
  const rules = spec.podFailurePolicy?.rules ?? [];
  for (const [index, rule] of rules.entries()) {
    const why = exitMatch(rule, pod) ?? conditionMatch(rule, pod);
    if (why === undefined) continue;
    const action = actions.find((word) => word === rule.action) ?? 'Count';
    return { action, message: `${why} matching ${rule.action} rule at index ${index}` };
  }
  return { action: 'Count', message: '' };
}

function exitMatch({ onExitCodes }: Rule, { metadata, status }: Pod): string | undefined {
  if (onExitCodes === undefined) return undefined;
  const { containerName, operator, values } = onExitCodes;
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  for (const { name, state } of statuses) {
    const exitCode = state?.terminated?.exitCode ?? 0;
    if (exitCode === 0 || (containerName !== undefined && containerName !== name)) continue;
    if (values.includes(exitCode) === (operator === 'In')) {
      const pod = `${metadata.namespace}/${metadata.name}`;
      return `Container ${name} for pod ${pod} failed with exit code ${exitCode}`;
    }
  }
  return undefined;
}

function conditionMatch({ onPodConditions = [] }: Rule, { metadata, status }: Pod) {
  const found = onPodConditions.find((pattern) =>
    status?.conditions?.some(
      ({ type, status: value }) => type === pattern.type && value === (pattern.status ?? 'True'),
    ),
  );
  if (found === undefined) return undefined;
  return `Pod ${metadata.namespace}/${metadata.name} has condition ${found.type}`;
}
