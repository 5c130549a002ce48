import type { ContainerStatus, Pod, Probe } from '../../api/types/generated/core-v1.ts';
import type { Clock } from '../../base/clock.ts';
import { containersOf, type PodContainer } from '../pod/pod-containers.ts';
import type { PodEvents } from '../pod/pod-events.ts';
import type { Verdict } from '../pod/plan-pod.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import type { ObservedContainer } from '../runtime/observed-pod.ts';
import type { Outcome } from './outcome.ts';
import { ProbeLoop } from './probe-loop.ts';
import type { ProbeKind } from './probe-state.ts';
import { runProbe } from './run-probe.ts';

export interface PodProbesOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly events: PodEvents;
  /** Something in what the probes found has changed. */
  readonly changed: () => void;
}

/** What the containers of a pod are at this moment. */
export interface ProbedPod {
  readonly pod: Pod;
  readonly address: string;
  /** Those that run and whose start is complete. */
  readonly running: readonly ObservedContainer[];
}

const words = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const;

interface Probed {
  readonly what: PodContainer;
  readonly loops: Map<ProbeKind, ProbeLoop>;
}

/** Probes the running containers of one pod. */
export class PodProbes {
  readonly #options: PodProbesOptions;
  readonly #probed = new Map<string, Probed>();

  constructor(options: PodProbesOptions) {
    this.#options = options;
  }

  /** Begins with what runs now, ends with what runs no more. */
  sync(now: ProbedPod): void {
    const ids = new Set(now.running.map(({ id }) => id));
    for (const [id, { loops }] of this.#probed) {
      if (ids.has(id)) continue;
      for (const loop of loops.values()) loop.stop();
      this.#probed.delete(id);
    }
    const all = containersOf(now.pod);
    for (const container of now.running) {
      const what = all.find((one) => one.container.name === container.name);
      if (what === undefined) continue;
      this.#begin(now, container, what);
    }
  }

  started(): Set<string> {
    return this.#those(({ loops }) => (loops.get('startup')?.verdict ?? 'success') === 'success');
  }

  ready(): Set<string> {
    return this.#those(({ loops }) => (loops.get('readiness')?.verdict ?? 'success') === 'success');
  }

  condemned(): Map<string, Verdict> {
    const verdicts = new Map<string, Verdict>();
    for (const [id, { what, loops }] of this.#probed) {
      for (const kind of ['startup', 'liveness'] as const) {
        const loop = loops.get(kind);
        if (loop?.verdict !== 'failure') continue;
        const graceSeconds = loop.probe.terminationGracePeriodSeconds;
        verdicts.set(id, {
          message: `Container ${what.container.name} failed ${kind} probe, will be restarted`,
          ...(graceSeconds !== undefined && { graceSeconds }),
        });
      }
    }
    return verdicts;
  }

  stop(): void {
    for (const { loops } of this.#probed.values()) {
      for (const loop of loops.values()) loop.stop();
    }
    this.#probed.clear();
  }

  #those(holds: (probed: Probed) => boolean): Set<string> {
    return new Set([...this.#probed].flatMap(([id, probed]) => (holds(probed) ? [id] : [])));
  }

  #begin(now: ProbedPod, container: ObservedContainer, what: PodContainer): void {
    const { id } = container;
    const probed = this.#probed.get(id) ?? { what, loops: new Map<ProbeKind, ProbeLoop>() };
    this.#probed.set(id, probed);
    const { startupProbe, livenessProbe, readinessProbe } = what.container;
    const begin = (kind: ProbeKind, probe: Probe | undefined) => {
      if (probe === undefined || probed.loops.has(kind)) return;
      const loop = this.#loop({ now, container, what }, kind, probe);
      probed.loops.set(kind, loop);
      void loop.run();
    };
    begin('startup', startupProbe);
    if ((probed.loops.get('startup')?.verdict ?? 'success') !== 'success') return;
    begin('liveness', livenessProbe);
    begin('readiness', readinessProbe);
  }

  #loop({ now, container, what }: Begun, kind: ProbeKind, probe: Probe): ProbeLoop {
    const { runtime, clock, changed } = this.#options;
    const { pod, address } = now;
    const place = { runtime, container: what.container, containerId: container.id, address };
    return new ProbeLoop({
      kind,
      probe,
      clock,
      startedAtMs: container.startedAtMs,
      inherited: wasWell(pod, container, kind),
      run: (isUnhurried) => runProbe(place, probe, isUnhurried),
      failed: (outcome) => this.#tell({ now, container, what }, kind, outcome),
      changed,
    });
  }

  #tell({ now, what }: Begun, kind: ProbeKind, { output }: Outcome): void {
    const message = `${words[kind]} probe failed: ${output}`;
    this.#options.events.warn(now.pod, { what, reason: 'Unhealthy', message });
  }
}

interface Begun {
  readonly now: ProbedPod;
  readonly container: ObservedContainer;
  readonly what: PodContainer;
}

/** A restart of the kubelet must not make a pod unready that was not. */
function wasWell({ status }: Pod, { id }: ObservedContainer, kind: ProbeKind): boolean {
  const all: ContainerStatus[] = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
  ];
  const before = all.find(({ containerID }) => containerID?.endsWith(`//${id}`));
  if (kind === 'readiness') return before?.ready === true;
  return kind === 'startup' && before?.started === true;
}
