import { milliValue, parseQuantity, wholeValue } from '../../api/quantity.ts';
import type { Container, Pod } from '../../api/types/generated/core-v1.ts';

/** What a pod occupies on its node: processors in thousandths, all else in whole units. */
export interface PodRequests {
  readonly names: readonly string[];
  readonly amounts: readonly number[];
  /** For scores, a container that asks for nothing counts as asking for a little. */
  readonly scoredCpu: number;
  readonly scoredMemory: number;
}

type Amounts = Map<string, number>;
type Source = (container: Container) => Amounts;

const assumedCpu = 100;
const assumedMemory = 200 * 1024 * 1024;
const memoEntries = 10_000;
const memo = new Map<string, number>();

/** The amount in the unit that the scheduler counts the resource in. */
export function amountOf(resource: string, text: string): number {
  const key = resource === 'cpu' ? `cpu ${text}` : text;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const quantity = parseQuantity(text);
  const amount = resource === 'cpu' ? milliValue(quantity) : wholeValue(quantity);
  if (memo.size >= memoEntries) memo.clear();
  memo.set(key, amount);
  return amount;
}

/** The larger of what runs at once at start-up and afterwards, as the kubelet admits it. */
export function requestsOf(pod: Pod): PodRequests {
  const asked = sum(pod, sourceOf(pod));
  const source = sourceOf(pod);
  const scored = sum(pod, (container) => withAssumed(source(container)));
  return {
    names: [...asked.keys()],
    amounts: [...asked.values()],
    scoredCpu: scored.get('cpu') ?? 0,
    scoredMemory: scored.get('memory') ?? 0,
  };
}

/** A pod that is being resized holds the larger of what it has and what it asks for. */
function sourceOf({ status }: Pod): Source {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const held = new Map(
    statuses
      .filter(
        ({ resources, allocatedResources }) => (resources ?? allocatedResources) !== undefined,
      )
      .map((one) => [one.name, one]),
  );
  return ({ name, resources }) => {
    const amounts = read(resources?.requests);
    const current = held.get(name);
    if (current !== undefined) {
      raise(amounts, read(current.resources?.requests));
      raise(amounts, read(current.allocatedResources));
    }
    return amounts;
  };
}

function withAssumed(amounts: Amounts): Amounts {
  if (!amounts.has('cpu')) amounts.set('cpu', assumedCpu);
  if (!amounts.has('memory')) amounts.set('memory', assumedMemory);
  return amounts;
}

function sum({ spec }: Pod, source: Source): Amounts {
  const total: Amounts = new Map();
  for (const container of spec.containers) add(total, source(container));
  const sidecars: Amounts = new Map();
  const start: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    const amounts = source(container);
    if (container.restartPolicy === 'Always') {
      add(total, amounts);
      add(sidecars, amounts);
      raise(start, sidecars);
    } else {
      add(amounts, sidecars);
      raise(start, amounts);
    }
  }
  raise(total, start);
  for (const [name, amount] of read(spec.resources?.requests)) total.set(name, amount);
  add(total, read(spec.overhead));
  return total;
}

function read(texts: Readonly<Record<string, string>> | undefined): Amounts {
  const amounts: Amounts = new Map();
  for (const name in texts) amounts.set(name, amountOf(name, texts[name] ?? '0'));
  return amounts;
}

function add(total: Amounts, amounts: Amounts): void {
  for (const [name, amount] of amounts) total.set(name, (total.get(name) ?? 0) + amount);
}

function raise(total: Amounts, amounts: Amounts): void {
  for (const [name, amount] of amounts) total.set(name, Math.max(total.get(name) ?? 0, amount));
}
