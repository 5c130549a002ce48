import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { Engine } from '../../../src/scheduler/engine/engine.ts';
import type { Bench, BenchCase } from '../bench.ts';
import { node, templates, type Template } from './templates.ts';

export interface Workload {
  readonly case: string;
  readonly zones?: readonly string[];
  /** Placed beforehand, untimed. */
  readonly init: { readonly template: Template; readonly pods: number };
  readonly measured: { readonly template: Template; readonly pods: number };
  readonly percentageOfNodesToScore?: number;
}

const nodes = 5000;
const rounds = 3;

/** Decisions per second of the scheduler's engine alone, in memory: no API, no store. */
export function decisions(question: string, workloads: readonly Workload[]): Bench {
  return {
    question,
    prepare: () =>
      Promise.resolve({
        cases: workloads.map(benchCase),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  };
}

function benchCase(workload: Workload): BenchCase {
  return {
    case: workload.case,
    unit: 'pods/s',
    ours: { name: 'keelson', run: () => Promise.resolve([run(workload)]) },
    peers: [],
    rounds,
  };
}

function run({ zones = ['zone1'], init, measured, ...options }: Workload): number {
  const engine = new Engine(options);
  for (let at = 0; at < nodes; at += 1) engine.cluster.setNode(node(at, zones));
  engine.cluster.groups.setNamespace('sched-0', {});
  engine.cluster.groups.setNamespace('sched-1', {});
  for (const pod of pods(init, 'sched-0')) place(engine, pod);
  const made = pods(measured, 'sched-1');
  const start = performance.now();
  for (const pod of made) place(engine, pod);
  return made.length / ((performance.now() - start) / 1000);
}

function pods({ template, pods: count }: Workload['init'], namespace: string): Pod[] {
  const make = templates[template];
  return Array.from({ length: count }, (_, at) => make(`${template}-${at}`, namespace));
}

/** Until the pod has a node: a preemptor's victims go at once, then it is tried again. */
function place(engine: Engine, pod: Pod): void {
  const { cluster, nominations } = engine;
  const decision = engine.decide(pod);
  if (decision.outcome === 'placed') {
    nominations.delete(decision.pod);
    cluster.placePod(pod, decision.nodeName);
    return;
  }
  const { preemption } = decision;
  if (preemption === undefined) throw new Error(`${decision.pod}: ${decision.message}`);
  const nominatedNodeName = preemption.nodeName;
  nominations.add(cluster.draftPod(pod, nominatedNodeName));
  for (const { key } of preemption.victims) cluster.removePod(key);
  place(engine, { ...pod, status: { nominatedNodeName } });
}
