/** What the conditions of a workload's status have in common. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
  readonly lastUpdateTime?: string | undefined;
}

export function findCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * The conditions with this one in them. One that says the same already stays as it is; the time
 * of a transition changes with the status alone.
 */
export function withCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  condition: C,
): readonly C[] {
  const known = findCondition(conditions, condition.type);
  const list = conditions ?? [];
  if (known?.status === condition.status && known.reason === condition.reason) return list;
  const { lastTransitionTime = condition.lastTransitionTime } = known ?? {};
  const since = known?.status === condition.status ? { lastTransitionTime } : {};
  return [...list.filter(({ type }) => type !== condition.type), { ...condition, ...since }];
}

export function withoutCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  type: string,
): readonly C[] {
  return (conditions ?? []).filter((condition) => condition.type !== type);
}
