import type { Probe } from '../../api/types/generated/core-v1.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/error.ts';
import { Beats } from './beats.ts';
import type { Outcome } from './outcome.ts';
import { firstState, nextState, type ProbeKind, type ProbeState } from './probe-state.ts';

export interface ProbeLoopOptions {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly startedAtMs: number;
  /** What it was found to be by the kubelet before this one. */
  readonly inherited: boolean;
  /** `isUnhurried` once it is well: nobody waits for the answer. */
  readonly run: (isUnhurried: boolean) => Promise<Outcome>;
  /** Each answer that is not well, and each change of the state. */
  readonly failed: (outcome: Outcome) => void;
  readonly changed: () => void;
}

/** Probes one container until it is stopped or has come to an end that no later answer changes. */
export class ProbeLoop {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly #options: ProbeLoopOptions;
  readonly #stop = new AbortController();
  #state: ProbeState;
  #isWell = false;

  constructor(options: ProbeLoopOptions) {
    this.#options = options;
    this.kind = options.kind;
    this.probe = options.probe;
    const first = firstState(options.kind);
    this.#state = options.inherited ? { ...first, verdict: 'success' } : first;
  }

  get verdict(): ProbeState['verdict'] {
    return this.#state.verdict;
  }

  /** Never rejects. */
  async run(): Promise<void> {
    const { clock, probe, startedAtMs, inherited } = this.#options;
    const { signal } = this.#stop;
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    const dueMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
    // After a restart all containers of the node would be asked at the same moment.
    const spreadMs = inherited ? Math.random() * periodMs : 0;
    await sleep(clock, Math.max(0, dueMs - clock.now()) + spreadMs, signal);
    while (!signal.aborted) {
      const begunMs = clock.now();
      await this.#try();
      if (signal.aborted || this.#isDecided()) return;
      await Beats.of(clock).until(onBeat(begunMs + periodMs), signal);
    }
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Who has started stays so; who is to be ended for it is asked no more. */
  #isDecided(): boolean {
    const { verdict } = this.#state;
    if (this.kind === 'readiness') return false;
    return verdict === 'failure' || (this.kind === 'startup' && verdict === 'success');
  }

  async #try(): Promise<void> {
    const { run, failed, changed, probe } = this.#options;
    let outcome: Outcome | undefined;
    try {
      outcome = await run(this.#isWell);
    } catch (error) {
      // Nobody answered: that is no answer of the container's.
      failed({ ok: false, output: `probe errored: ${messageOf(error)}` });
    }
    if (outcome === undefined || this.#stop.signal.aborted) return;
    if (!outcome.ok) failed(outcome);
    const before = this.#state.verdict;
    this.#state = nextState(this.#state, outcome.ok, probe);
    this.#isWell = outcome.ok && this.#state.verdict === 'success';
    if (this.#state.verdict !== before) changed();
  }
}

/**
 * After its first try a probe comes with those of other containers, four times a second: a process
 * that is woken for each single one takes several times as long for it.
 */
function onBeat(dueMs: number): number {
  return Math.round(dueMs / beatMs) * beatMs;
}

const beatMs = 250;
