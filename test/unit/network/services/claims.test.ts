import t from 'tap';
import { Claims } from '../../../../src/network/services/claims.ts';
import {
  elementsOfNode,
  elementsOfService,
} from '../../../../src/network/services/plan-elements.ts';
import type { PlannedElement } from '../../../../src/network/services/planned-element.ts';
import { planService } from '../../../../src/network/services/plan-service.ts';
import {
  chainOfClass,
  classNumber,
  classOf,
} from '../../../../src/network/services/service-class.ts';
import { allPlaces } from '../../../../src/network/services/table-sets.ts';
import { node, service, slice } from './objects.ts';

/** What is in force, set by set. */
function textOf(claims: Claims): string[] {
  return allPlaces
    .flatMap((place) =>
      [...claims.inForce(place)].map(
        ([key, { planned }]) => `${place.set}${place.family} ${key} > ${planned.data}`,
      ),
    )
    .toSorted();
}

function elements(addresses: readonly string[], spec: object = {}): PlannedElement[] {
  return elementsOfService(planService(service(spec), [slice(addresses)], node));
}

t.test('a Service becomes its class, its endpoints and their chain', async (t) => {
  const claims = new Claims();
  claims.set('default/web', elements(['10.244.1.3', '10.244.1.2']));
  t.same(textOf(claims), [
    'classes4 2 > pick4-2',
    'endpoints4 10.96.0.1 tcp 80 0 > 10.244.1.2 8080',
    'endpoints4 10.96.0.1 tcp 80 1 > 10.244.1.3 8080',
    'services4 10.96.0.1 tcp 80 > 2',
  ]);
});

t.test('without endpoints it is rejected; without local ones dropped', async (t) => {
  t.match(elements([]), [{ place: { set: 'rejected' }, key: '10.96.0.1 tcp 80' }]);
  const local = elements(['10.244.1.2'], { internalTrafficPolicy: 'Local' });
  t.match(local, [{ place: { set: 'dropped' }, key: '10.96.0.1 tcp 80' }]);
});

t.test('kept endpoints are found by a number that stays with them', async (t) => {
  const spec = { sessionAffinity: 'ClientIP' };
  const identities = (addresses: string[]) =>
    elements(addresses, spec)
      .filter(({ place }) => place.set === 'identities')
      .map(({ data }) => data);
  const [first, second] = identities(['10.244.1.2', '10.244.1.3']);
  t.same(identities(['10.244.1.3']), [second]);
  t.not(first, second);
  t.ok(Number(first) >= 2 ** 31 && Number(second) >= 2 ** 31);
});

t.test('what changed is told once, and what changed back is not', async (t) => {
  const claims = new Claims();
  claims.set('default/web', elements(['10.244.1.2']));
  t.same(claims.take(), []);
  claims.set('default/web', elements(['10.244.1.3']));
  t.match(claims.take(), [
    {
      set: 'endpoints',
      remove: [{ data: ['10.244.1.2', 8080] }],
      add: [{ data: ['10.244.1.3', 8080] }],
    },
  ]);
  claims.set('default/web', elements([]));
  claims.set('default/web', elements(['10.244.1.3']));
  t.same(claims.take(), []);
  claims.set('default/web', []);
  t.same(
    claims.take().map(({ set, remove, add }) => [set, remove.length, add.length]),
    [
      ['services', 1, 0],
      ['classes', 1, 0],
      ['endpoints', 1, 0],
    ],
  );
  t.same(textOf(claims), []);
  t.same(claims.owners, []);
});

t.test('of two claims the first by name has it, whoever came first; then the other', async (t) => {
  const [one, other] = [elements(['10.244.1.2']), elements(['10.244.1.9'])];
  const claims = new Claims();
  claims.set('default/b', other);
  claims.set('default/a', one);
  claims.set('default/c', other);
  const both = new Claims();
  both.set('default/a', one);
  t.same(textOf(claims), textOf(both));
  claims.set('default/a', []);
  both.set('default/a', other);
  t.same(textOf(claims), textOf(both));
  claims.set('default/b', []);
  t.same(textOf(claims), textOf(both));
  claims.set('default/c', []);
  t.same(textOf(claims), []);
});

t.test('many changes one by one end where all at once do', async (t) => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const claims = new Claims();
  claims.take();
  const last = new Map<string, PlannedElement[]>();
  const kernel = new Map<string, string>();
  for (let i = 0; i < 600; i++) {
    const owner = `default/s${random(6)}`;
    const spec = {
      clusterIP: `10.96.0.${random(4) + 1}`,
      externalIPs: random(2) === 0 ? ['203.0.113.7'] : [],
      sessionAffinity: random(3) === 0 ? 'ClientIP' : 'None',
      externalTrafficPolicy: random(2) === 0 ? 'Local' : 'Cluster',
    };
    const addresses = Array.from({ length: random(4) }, () => `10.244.1.${random(6) + 1}`);
    const now = random(5) === 0 ? [] : elements([...new Set(addresses)], spec);
    claims.set(owner, now);
    last.set(owner, now);
    if (random(3) > 0) continue;
    for (const { set, family, remove, add } of claims.take()) {
      for (const { key } of remove)
        t.ok(kernel.delete(`${set}${family} ${key.map(String).join(' ')}`));
      for (const { key } of add) {
        t.notOk(kernel.has(`${set}${family} ${key.map(String).join(' ')}`));
        kernel.set(`${set}${family} ${key.map(String).join(' ')}`, '');
      }
    }
  }
  const fresh = new Claims();
  for (const [owner, wanted] of last) fresh.set(owner, wanted);
  t.same(textOf(claims), textOf(fresh));
  claims.take();
});

t.test('a node that knows its pods lets others be masqueraded', async (t) => {
  t.same(keys(['10.244.0.0/24', 'fd00::/64']), [
    'cluster4 10.96.0.0/12',
    'pods4 10.244.0.0/24',
    'pods6 fd00::/64',
    'plain4 10.244.0.0/24',
    'plain6 fd00::/64',
  ]);
  t.same(keys([]), ['cluster4 10.96.0.0/12', 'plain4 0.0.0.0/0', 'plain6 ::/0']);
});

t.test('ranges of sources do not overlap, and nonsense lets nobody in', async (t) => {
  const spec = {
    type: 'LoadBalancer',
    loadBalancerSourceRanges: ['10.0.0.0/8', '10.1.2.3/16', '192.0.2.9/24', 'all', '10.0.0.0/33'],
  };
  const balanced = {
    ...service(spec),
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } },
  };
  const found = elementsOfService(planService(balanced, [slice(['10.244.1.2'])], node));
  t.same(
    found.filter(({ place }) => place.set === 'sources').map(({ key }) => key),
    ['203.0.113.9 tcp 80 10.0.0.0/8', '203.0.113.9 tcp 80 192.0.2.0/24'],
  );
});

t.test('a class is a number and back', async (t) => {
  for (const inside of [true, false]) {
    for (const affinitySeconds of [0, 1, 86_400]) {
      for (const count of [1, 4095]) {
        const one = { count, affinitySeconds, inside };
        t.same(classOf(classNumber(one)), one);
      }
    }
  }
  t.throws(() => classNumber({ count: 4096, affinitySeconds: 0, inside: false }), TypeError);
  const number = classNumber({ count: 3, affinitySeconds: 60, inside: true });
  t.equal(chainOfClass(6, number), 'keep6-3-60-inside');
});

function keys(podCidrs: string[]): string[] {
  const found = elementsOfNode({ ...node, podCidrs });
  return found.map(({ place, key }) => `${place.set}${place.family} ${key}`);
}
