import type { Probe } from '../../api/types/generated/core-v1.ts';

/** What a probe has come to, and how long a row its last answers make. */
export interface ProbeState {
  readonly verdict: 'unknown' | 'success' | 'failure';
  readonly lastOk: boolean;
  readonly inRow: number;
}

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

/** Before the first answer: alive, not ready, not known to have started. */
export function firstState(kind: ProbeKind): ProbeState {
  const verdicts = { startup: 'unknown', liveness: 'success', readiness: 'failure' } as const;
  return { verdict: verdicts[kind], lastOk: false, inRow: 0 };
}

/** The state after one more answer: thresholds keep a single one from deciding. */
export function nextState(state: ProbeState, ok: boolean, probe: Probe): ProbeState {
  const inRow = state.lastOk === ok ? state.inRow + 1 : 1;
  const threshold = ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  const verdict = inRow < threshold ? state.verdict : ok ? 'success' : 'failure';
  return { verdict, lastOk: ok, inRow };
}
