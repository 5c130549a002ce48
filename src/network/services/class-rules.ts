import type { KnownExpression } from '../../netlink/nftables/expression.ts';
import { registerAt } from '../../netlink/nftables/field.ts';
import {
  type Expressions,
  frontendBytes,
  type Layout,
  layouts,
  loadClient,
  loadFrontend,
  loadNumber,
  lookUp,
  randomBelow,
  saveNumber,
  translateBy,
} from './registers.ts';
import { classOf } from './service-class.ts';
import { setsOf } from './table-sets.ts';

/** The rules of the chain of a class, in their order. */
export function rulesOfClass(family: 4 | 6, number: number): Expressions[] {
  const { count, affinitySeconds, inside } = classOf(number);
  const sets = setsOf(family);
  const plan = {
    layout: layouts[family],
    count,
    endpoints: sets[inside ? 'inside-endpoints' : 'endpoints'].set,
    identities: sets[inside ? 'inside-identities' : 'identities'].set,
    affinity: sets.affinity.set,
    affinitySeconds,
  };
  // The last one is also for when the map of clients is full: they are served, but not kept.
  return affinitySeconds === 0 ? [pick(plan)] : [again(plan), firstTime(plan), pick(plan)];
}

interface ClassPlan {
  readonly layout: Layout;
  readonly count: number;
  readonly endpoints: string;
  readonly identities: string;
  readonly affinity: string;
  readonly affinitySeconds: number;
}

function pick({ layout, count, endpoints }: ClassPlan): Expressions {
  return [
    ...loadFrontend(layout, 0),
    randomBelow(count, frontendBytes(layout)),
    ...translateBy(endpoints, layout),
  ];
}

/**
 * A client that has an endpoint, whose time begins anew. Where the endpoint is none any more the
 * last look-up ends the rule.
 */
function again(plan: ClassPlan): Expressions {
  const { layout, affinity, endpoints } = plan;
  return [
    ...loadClient(layout, 0),
    lookUp(affinity, 0, 0),
    saveNumber(0),
    ...remember(plan, 'update'),
    ...loadFrontend(layout, 0),
    loadNumber(frontendBytes(layout)),
    ...translateBy(endpoints, layout),
  ];
}

/** An update leaves the data of an element as it is: one of a former endpoint has to go before. */
function firstTime(plan: ClassPlan): Expressions {
  const { layout, count, identities, endpoints } = plan;
  return [
    ...loadFrontend(layout, 0),
    randomBelow(count, frontendBytes(layout)),
    lookUp(identities, 0, 0),
    saveNumber(0),
    ...remember(plan, 'delete'),
    ...remember(plan, 'update'),
    ...loadFrontend(layout, 0),
    loadNumber(frontendBytes(layout)),
    ...translateBy(endpoints, layout),
  ];
}

function remember(
  { layout, affinity, affinitySeconds }: ClassPlan,
  operation: 'update' | 'delete',
): Expressions {
  const dataAt = frontendBytes(layout) + layout.addressBytes;
  const statement: KnownExpression = {
    name: 'dynset',
    set: affinity,
    operation,
    keyRegister: registerAt(0),
    dataRegister: registerAt(dataAt),
    timeoutMs: BigInt(affinitySeconds) * 1000n,
  };
  return [...loadClient(layout, 0), loadNumber(dataAt), statement];
}
