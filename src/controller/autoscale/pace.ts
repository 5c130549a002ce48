import type {
  HorizontalPodAutoscalerBehavior as Behavior,
  HPAScalingRules as Rules,
} from '../../api/types/generated/autoscaling-v2.ts';

/** What an autoscaler has wished and done lately; lost with the process, and then begun anew. */
export interface History {
  readonly wishes: readonly { readonly atMs: number; readonly replicas: number }[];
  readonly changes: readonly { readonly atMs: number; readonly by: number }[];
}

export interface Paced {
  readonly replicas: number;
  /** What of it was held back, as the condition's reason and message. */
  readonly limited: { readonly reason: string; readonly message: string } | undefined;
  readonly history: History;
}

export interface Wished {
  readonly current: number;
  readonly wished: number;
  readonly least: number;
  readonly most: number;
  readonly nowMs: number;
}

const longestMs = 3_600_000;
const usual = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  },
} as const;

/** How far a wish is followed now: not at once down again, not too fast, within the bounds. */
export function pace(behavior: Behavior | undefined, wish: Wished, history: History): Paced {
  const { current, wished, least, most, nowMs } = wish;
  const up = { ...usual.scaleUp, ...behavior?.scaleUp };
  const down = { ...usual.scaleDown, ...behavior?.scaleDown };
  // The first wish is for what there is: a process that begins takes nothing away at once.
  const before =
    history.wishes.length === 0 ? [{ atMs: nowMs, replicas: current }] : history.wishes;
  const wishes = [...before, { atMs: nowMs, replicas: wished }].filter(
    ({ atMs }) => atMs > nowMs - longestMs,
  );
  const within = (rules: Rules) =>
    wishes
      .filter(({ atMs }) => atMs > nowMs - (rules.stabilizationWindowSeconds ?? 0) * 1000)
      .map(({ replicas }) => replicas);
  const lowest = Math.min(wished, ...within(up));
  const highest = Math.max(wished, ...within(down));
  const stable = current < lowest ? lowest : current > highest ? highest : current;
  const changes = history.changes.filter(({ atMs }) => atMs > nowMs - longestMs);
  const bound = (replicas: number) => Math.max(least, Math.min(most, replicas));
  const limit =
    stable > current
      ? highestOf(up, current, { changes, nowMs })
      : lowestOf(down, current, { changes, nowMs });
  const allowed = stable > current ? Math.min(stable, limit) : Math.max(stable, limit);
  const replicas = bound(stable === current ? current : allowed);
  return {
    replicas,
    limited: limitedBy(wish, { stable, allowed }),
    history: {
      wishes,
      changes:
        replicas === current ? changes : [...changes, { atMs: nowMs, by: replicas - current }],
    },
  };
}

interface Past {
  readonly changes: History['changes'];
  readonly nowMs: number;
}

/** What there were at the beginning of a period, by what was changed since. */
function atBegin(current: number, periodSeconds: number, { changes, nowMs }: Past): number {
  const recent = changes.filter(({ atMs }) => atMs > nowMs - periodSeconds * 1000);
  return current - recent.reduce((sum, { by }) => sum + by, 0);
}

function highestOf(rules: Rules, current: number, past: Past): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const limits = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const begin = atBegin(current, periodSeconds, past);
    return type === 'Pods' ? begin + value : Math.ceil(begin * (1 + value / 100));
  });
  return Math.max(
    current,
    rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits),
  );
}

function lowestOf(rules: Rules, current: number, past: Past): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const limits = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const begin = atBegin(current, periodSeconds, past);
    return type === 'Pods' ? begin - value : Math.floor(begin * (1 - value / 100));
  });
  return Math.min(
    current,
    rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits),
  );
}

function limitedBy(
  { wished, least, most }: Wished,
  { stable, allowed }: { readonly stable: number; readonly allowed: number },
): Paced['limited'] {
  if (stable < least || wished < least) {
    const message = 'the desired replica count is less than the minimum replica count';
    return { reason: 'TooFewReplicas', message };
  }
  if (allowed > most || (stable > most && allowed === stable)) {
    const message = 'the desired replica count is more than the maximum replica count';
    return { reason: 'TooManyReplicas', message };
  }
  if (allowed < stable) {
    const message = 'the desired replica count is increasing faster than the maximum scale rate';
    return { reason: 'ScaleUpLimit', message };
  }
  if (allowed > stable) {
    const message = 'the desired replica count is decreasing faster than the maximum scale rate';
    return { reason: 'ScaleDownLimit', message };
  }
  return undefined;
}
