import { type JsonObject, objectIn, textOf } from '../json.ts';
import { entries } from '../validate/check.ts';
import { type Amounts, amountsIn, largestOf, sumOf } from './amounts.ts';

/**
 * What a pod as a whole requests or is limited to: its containers together, or the init container
 * that needs more than they; those that keep running count with both.
 */
export function podAmounts(pod: JsonObject, field: 'requests' | 'limits'): Amounts {
  const spec = objectIn(pod, 'spec');
  const amountsOf = (container: JsonObject) => amountsIn(objectIn(container, 'resources')[field]);
  const running = entries(spec['containers']).map(amountsOf);
  let beside: Amounts = new Map();
  let initial: Amounts = new Map();
  for (const container of entries(spec['initContainers'])) {
    const own = amountsOf(container);
    const now = sumOf(beside, own);
    if (container['restartPolicy'] === 'Always') beside = now;
    initial = largestOf(initial, now);
  }
  const whole = largestOf(sumOf(...running, beside), initial);
  const pods = amountsIn(objectIn(spec, 'resources')[field]);
  const overhead = amountsIn(spec['overhead']);
  return sumOf(new Map([...whole, ...pods]), whole.size + pods.size > 0 ? overhead : new Map());
}

/** Whether nothing of it runs any more. */
export function isTerminal(pod: JsonObject): boolean {
  const phase = textOf(objectIn(pod, 'status')['phase']);
  return phase === 'Succeeded' || phase === 'Failed';
}
