import { type JsonObject, objectIn, textOf } from '../json.ts';
import { age, type Column, nameColumn, objects, sinceText, text, wholeOf, wide } from './column.ts';

const spec = (pod: JsonObject) => objectIn(pod, 'spec');
const status = (pod: JsonObject) => objectIn(pod, 'status');

export const podColumns: readonly Column[] = [
  nameColumn,
  text('Ready', (pod) => {
    const { ready, total } = summarize(pod);
    return `${ready}/${total}`;
  }),
  text('Status', (pod) => summarize(pod).reason),
  text('Restarts', (pod, nowMs) => {
    const { restarts, lastRestart } = summarize(pod);
    if (restarts === 0 || lastRestart === '') return String(restarts);
    return `${restarts} (${sinceText(lastRestart, nowMs)} ago)`;
  }),
  age,
  wide('IP', (pod) => {
    const address = objects(status(pod)['podIPs'])[0]?.['ip'] ?? status(pod)['podIP'];
    return textOf(address) || '<none>';
  }),
  wide('Node', (pod) => textOf(spec(pod)['nodeName']) || '<none>'),
  wide('Nominated Node', (pod) => textOf(status(pod)['nominatedNodeName']) || '<none>'),
  wide('Readiness Gates', (pod) => {
    const gates = objects(spec(pod)['readinessGates']);
    if (gates.length === 0) return '<none>';
    const met = gates.filter((gate) => conditionOf(pod, textOf(gate['conditionType'])) === 'True');
    return `${met.length}/${gates.length}`;
  }),
];

/** What `kubectl get` says of a pod in a word and two numbers. */
export interface PodSummary {
  readonly reason: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  /** When it last ended before it was started again; empty when it never was. */
  readonly lastRestart: string;
}

export function summarize(pod: JsonObject): PodSummary {
  const containers = objects(spec(pod)['containers']).length;
  const sidecars = objects(spec(pod)['initContainers']).filter(isSidecar).length;
  const initial = initialReason(pod);
  const counted = countContainers(pod, initial.reason !== undefined);
  const reason = initial.reason ?? counted.reason ?? phaseOf(pod);
  return {
    reason: deleted(pod, reason),
    ready: counted.ready,
    total: containers + sidecars,
    restarts: counted.restarts,
    lastRestart: counted.lastRestart,
  };
}

function isSidecar(container: JsonObject): boolean {
  return container['restartPolicy'] === 'Always';
}

function phaseOf(pod: JsonObject): string {
  return textOf(status(pod)['reason']) || textOf(status(pod)['phase']);
}

function deleted(pod: JsonObject, reason: string): string {
  if (objectIn(pod, 'metadata')['deletionTimestamp'] === undefined) return reason;
  if (status(pod)['reason'] === 'NodeLost') return 'Unknown';
  const phase = textOf(status(pod)['phase']);
  return phase === 'Failed' || phase === 'Succeeded' ? reason : 'Terminating';
}

/** Why init containers still hold the pod up; undefined when they do not. */
function initialReason(pod: JsonObject): { reason: string | undefined } {
  if (conditionOf(pod, 'PodScheduled', 'reason') === 'SchedulingGated') {
    return { reason: 'SchedulingGated' };
  }
  const sidecars = new Set(
    objects(spec(pod)['initContainers'])
      .filter(isSidecar)
      .map(({ name }) => textOf(name)),
  );
  const states = objects(status(pod)['initContainerStatuses']);
  const total = objects(spec(pod)['initContainers']).length;
  for (const [index, container] of states.entries()) {
    const reason = reasonOfInit(container, sidecars.has(textOf(container['name'])));
    if (reason !== undefined) return { reason: `Init:${reason || `${index}/${total}`}` };
  }
  return { reason: undefined };
}

/** Undefined when it is done, empty when it runs. */
function reasonOfInit(container: JsonObject, sidecar: boolean): string | undefined {
  const state = objectIn(container, 'state');
  const ended = objectIn(state, 'terminated');
  if (ended['exitCode'] === 0) return undefined;
  if (sidecar && container['started'] === true) return undefined;
  if (state['terminated'] !== undefined) return endReason(ended);
  const waiting = textOf(objectIn(state, 'waiting')['reason']);
  return waiting !== '' && waiting !== 'PodInitializing' ? waiting : '';
}

function endReason(ended: JsonObject): string {
  const reason = textOf(ended['reason']);
  if (reason !== '') return reason;
  const signal = wholeOf(ended['signal']);
  return signal === 0 ? `ExitCode:${wholeOf(ended['exitCode'])}` : `Signal:${signal}`;
}

interface Counted {
  readonly reason: string | undefined;
  readonly ready: number;
  readonly restarts: number;
  readonly lastRestart: string;
}

function countContainers(pod: JsonObject, initializing: boolean): Counted {
  const states = objects(status(pod)['containerStatuses']);
  const initStates = objects(status(pod)['initContainerStatuses']);
  const counted = initializing ? initStates : [...initStates.filter(isRestartable), ...states];
  const restarts = counted.reduce((sum, state) => sum + wholeOf(state['restartCount']), 0);
  const ends = counted.map((state) =>
    textOf(objectIn(objectIn(state, 'lastState'), 'terminated')['finishedAt']),
  );
  const running = initializing ? initStates.filter(isRunningReady) : counted.filter(isRunningReady);
  return {
    reason: initializing ? undefined : reasonOfContainers(pod, states),
    ready: running.length,
    restarts,
    lastRestart: ends.toSorted().at(-1) ?? '',
  };
}

function isRestartable(state: JsonObject): boolean {
  return state['started'] === true && objectIn(state, 'state')['running'] !== undefined;
}

function isRunningReady(state: JsonObject): boolean {
  return state['ready'] === true && objectIn(state, 'state')['running'] !== undefined;
}

/** The first container that waits or has ended gives the word. */
function reasonOfContainers(pod: JsonObject, states: readonly JsonObject[]): string | undefined {
  let reason: string | undefined;
  for (const container of states.toReversed()) {
    const state = objectIn(container, 'state');
    const waiting = textOf(objectIn(state, 'waiting')['reason']);
    if (waiting !== '') reason = waiting;
    else if (state['terminated'] !== undefined) reason = endReason(objectIn(state, 'terminated'));
  }
  if (reason !== 'Completed' || !states.some(isRunningReady)) return reason;
  return conditionOf(pod, 'Ready') === 'True' ? 'Running' : 'NotReady';
}

function conditionOf(pod: JsonObject, type: string, field = 'status'): string {
  const found = objects(status(pod)['conditions']).find((condition) => condition['type'] === type);
  return textOf(found?.[field]);
}
