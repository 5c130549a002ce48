import type { Pod } from '../../api/types/generated/core-v1.ts';
import type { PodFacts } from '../pod/pod-facts.ts';
import type { RuleName } from '../rule/rule.ts';
import { Heap } from './heap.ts';
import type { WaitingPod } from './waiting-pod.ts';

const firstBackoffMs = 1000;
const longestBackoffMs = 10_000;
/** After so long without an event that helps, a pod is tried again all the same. */
const longestWaitMs = 5 * 60_000;
const flushEveryMs = 30_000;

/**
 * Pods without a node. One whose turn has come is tried; one that found no node waits until an
 * event may help it, and not less than its back-off: 1 second, doubling to 10.
 */
export class SchedulingQueue {
  readonly #now: () => number;
  readonly #pods = new Map<string, WaitingPod>();
  readonly #active = new Heap<WaitingPod>((left, right) => comparePods(left, right) < 0);
  readonly #backoff = new Heap<WaitingPod>((left, right) => left.due < right.due);
  readonly #unschedulable = new Set<WaitingPod>();
  #serial = 0;
  #flushed = 0;

  /** `now` tells milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#pods.size;
  }

  get counts(): {
    readonly active: number;
    readonly backoff: number;
    readonly unschedulable: number;
  } {
    const { size: unschedulable } = this.#unschedulable;
    return { active: this.#active.size, backoff: this.#backoff.size, unschedulable };
  }

  has(key: string): boolean {
    return this.#pods.has(key);
  }

  get(key: string): WaitingPod | undefined {
    return this.#pods.get(key);
  }

  /** A new pod, or one that has changed in a way that may help it. */
  add(key: string, pod: Pod): void {
    const known = this.#pods.get(key);
    if (known === undefined) {
      const waiting: WaitingPod = {
        key,
        pod,
        facts: undefined,
        place: 'none',
        attempts: 0,
        rules: new Set(),
        since: this.#now(),
        due: 0,
        serial: this.#serial++,
        heapIndex: -1,
      };
      this.#pods.set(key, waiting);
      this.#activate(waiting);
      return;
    }
    known.pod = pod;
    if (known.place === 'active') {
      this.#active.delete(known);
      this.#active.push(known);
    } else if (known.place === 'unschedulable') this.#moveOn(known);
  }

  /** The same pod with news that do not matter to where it goes. */
  refresh(key: string, pod: Pod): void {
    const known = this.#pods.get(key);
    if (known !== undefined) known.pod = pod;
  }

  /** It has a node, or is gone. */
  delete(key: string): void {
    const known = this.#pods.get(key);
    if (known === undefined) return;
    this.#take(known);
    this.#pods.delete(key);
  }

  /** The pod whose turn it is. It stays known: then it failed, was deferred or is deleted. */
  pop(): WaitingPod | undefined {
    this.#flush();
    const next = this.#active.pop();
    if (next !== undefined) next.place = 'none';
    return next;
  }

  /** No node was found: the pod waits for an event that may change this. */
  fail(
    waiting: WaitingPod,
    why: { readonly rules: ReadonlySet<RuleName>; readonly facts: PodFacts | undefined },
  ): void {
    if (this.#pods.get(waiting.key) !== waiting || waiting.place !== 'none') return;
    waiting.attempts += 1;
    waiting.rules = why.rules;
    waiting.facts = why.facts;
    waiting.since = this.#now();
    waiting.due = this.#now();
    waiting.place = 'unschedulable';
    this.#unschedulable.add(waiting);
  }

  /** Something went wrong that is no matter of nodes: the pod is tried again after its back-off. */
  defer(waiting: WaitingPod): void {
    if (this.#pods.get(waiting.key) !== waiting || waiting.place !== 'none') return;
    waiting.attempts += 1;
    waiting.since = this.#now();
    this.#backOff(waiting);
  }

  /** Something has happened: those that it may help move on. */
  wake(mayHelp: (waiting: WaitingPod) => boolean): void {
    for (const waiting of this.#unschedulable) if (mayHelp(waiting)) this.#moveOn(waiting);
  }

  /** Milliseconds until a pod's turn comes by itself; undefined when none waits for that. */
  nextDueIn(): number | undefined {
    if (this.#active.size > 0) return 0;
    const next = this.#backoff.peek();
    const back = next === undefined ? Infinity : Math.max(0, next.due - this.#now());
    const wait = Math.min(back, this.#unschedulable.size > 0 ? flushEveryMs : Infinity);
    return wait === Infinity ? undefined : wait;
  }

  #flush(): void {
    const now = this.#now();
    for (let next = this.#backoff.peek(); next !== undefined && next.due <= now;) {
      this.#activate(next);
      next = this.#backoff.peek();
    }
    if (now - this.#flushed < flushEveryMs) return;
    this.#flushed = now;
    this.wake(({ due }) => now - due >= longestWaitMs);
  }

  #moveOn(waiting: WaitingPod): void {
    const until = waiting.since + backoffOf(waiting);
    if (until <= this.#now()) this.#activate(waiting);
    else this.#backOff(waiting);
  }

  #activate(waiting: WaitingPod): void {
    this.#take(waiting);
    waiting.place = 'active';
    this.#active.push(waiting);
  }

  #backOff(waiting: WaitingPod): void {
    this.#take(waiting);
    waiting.place = 'backoff';
    waiting.due = waiting.since + backoffOf(waiting);
    this.#backoff.push(waiting);
  }

  #take(waiting: WaitingPod): void {
    this.#active.delete(waiting);
    this.#backoff.delete(waiting);
    this.#unschedulable.delete(waiting);
    waiting.place = 'none';
  }
}

function comparePods(left: WaitingPod, right: WaitingPod): number {
  const byPriority = (right.pod.spec.priority ?? 0) - (left.pod.spec.priority ?? 0);
  return byPriority || left.since - right.since || left.serial - right.serial;
}

function backoffOf({ attempts }: WaitingPod): number {
  if (attempts === 0) return 0;
  return Math.min(firstBackoffMs * 2 ** Math.min(attempts - 1, 10), longestBackoffMs);
}
