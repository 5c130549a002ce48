import t from 'tap';
import type { IpFamily } from '../../../src/api/address-range.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { planFamilies } from '../../../src/apiserver/service-families.ts';
import { ServiceRanges } from '../../../src/apiserver/service-ranges.ts';

const both: readonly IpFamily[] = ['IPv4', 'IPv6'];
const selector = { app: 'web' };

function plan(spec: JsonObject, available = both, before: JsonObject = {}): string {
  const found = planFamilies({ selector, ...spec }, before, available);
  if ('faults' in found) return found.faults.map(({ path, words }) => `${path}: ${words}`).join();
  return `${found.policy} ${found.families.join('+')} ${found.asked.join('+')}`.trim();
}

t.test('families follow from the policy', (t) => {
  t.equal(plan({}), 'SingleStack IPv4', "the cluster's own family is the first");
  t.equal(plan({}, ['IPv6', 'IPv4']), 'SingleStack IPv6');
  t.equal(plan({ ipFamilies: ['IPv6'] }), 'SingleStack IPv6');
  t.equal(plan({ ipFamilyPolicy: 'PreferDualStack' }), 'PreferDualStack IPv4+IPv6');
  t.equal(plan({ ipFamilyPolicy: 'PreferDualStack' }, ['IPv4']), 'PreferDualStack IPv4');
  const six = { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] };
  t.equal(plan(six), 'RequireDualStack IPv6+IPv4');
  t.equal(plan({ ipFamilies: ['IPv6', 'IPv4'] }), 'RequireDualStack IPv6+IPv4');
  t.end();
});

t.test('families follow from the addresses', (t) => {
  t.equal(plan({ clusterIP: 'fd96::5' }), 'SingleStack IPv6 fd96::5');
  const two = ['10.96.0.5', 'fd96::5'];
  t.equal(plan({ clusterIPs: two }), 'RequireDualStack IPv4+IPv6 10.96.0.5+fd96::5');
  const one = { clusterIP: 'fd96::5', clusterIPs: ['fd96::5'], ipFamilyPolicy: 'PreferDualStack' };
  t.equal(plan(one), 'PreferDualStack IPv6+IPv4 fd96::5');
  t.equal(plan({ clusterIP: 'None' }), 'SingleStack IPv4 None');
  t.equal(plan({ clusterIP: 'None', selector: {} }), 'RequireDualStack IPv4+IPv6 None');
  t.equal(plan({ clusterIP: 'None', selector: {} }, ['IPv4']), 'SingleStack IPv4 None');
  t.end();
});

t.test('a second family comes and goes with the policy', (t) => {
  const single = { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5'], ipFamilies: ['IPv4'] };
  const old = { ...single, ipFamilyPolicy: 'SingleStack' };
  const wider = plan({ ...single, ipFamilyPolicy: 'PreferDualStack' }, both, old);
  t.equal(wider, 'PreferDualStack IPv4+IPv6 10.96.0.5');
  const dual = { clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.5', 'fd96::5'], ipFamilies: both };
  const before = { ...dual, ipFamilyPolicy: 'PreferDualStack' };
  const narrower = plan({ ...dual, ipFamilyPolicy: 'SingleStack' }, both, before);
  t.equal(narrower, 'SingleStack IPv4 10.96.0.5');
  t.end();
});

t.test('what cannot be is refused, by its field', (t) => {
  t.match(plan({ ipFamilyPolicy: 'Both' }), /^spec.ipFamilyPolicy: Unsupported value/);
  t.match(plan({ ipFamilies: ['IPv6'] }, ['IPv4']), /^spec.ipFamilies\[0\]: .*not configured/);
  t.match(plan({ ipFamilies: ['IPv5'] }), /^spec.ipFamilies\[0\]: .*not configured/);
  t.match(plan({ ipFamilyPolicy: 'RequireDualStack' }, ['IPv4']), /not configured for dual-stack/);
  t.match(plan({ ipFamilies: both, ipFamilyPolicy: 'SingleStack' }), /^spec.ipFamilyPolicy/);
  t.match(plan({ clusterIPs: ['10.96.0.5', '10.96.0.6'] }), /no more than one IP for each/);
  t.match(plan({ clusterIP: '10.96.0.5', clusterIPs: ['10.96.0.6'] }), /must match `clusterIP`/);
  t.match(plan({ clusterIP: 'fd96::5', ipFamilies: ['IPv4'] }), /expected an IPv4 value/);
  t.match(plan({ clusterIPs: ['10.96.0.5', 'fd96::5', 'fd96::6'] }), /up to 2 values/);
  t.match(plan({ clusterIPs: ['None', 'fd96::5'] }), /when the first is None/);
  t.end();
});

t.test("addresses are given from the back of a range first, the DNS servers' never", (t) => {
  const ranges = new ServiceRanges('10.96.0.0/24,fd96::/120');
  t.same(ranges.apiAddresses, ['10.96.0.1', 'fd96::1']);
  t.same(ranges.dnsAddresses, ['10.96.0.10', 'fd96::a']);
  const taken = new Set(ranges.apiAddresses);
  const given: string[] = [];
  for (let count = 0; count < 252; count += 1) {
    const address = ranges.free('IPv4', taken);
    taken.add(address);
    given.push(address);
  }
  const low = given.map((address) => Number(address.split('.')[3]) < 16);
  t.equal(low.indexOf(true), 239, 'those at the front come last');
  t.equal(new Set(given).size, 252);
  t.notOk(given.some((address) => ['10.96.0.0', '10.96.0.10', '10.96.0.255'].includes(address)));
  t.throws(() => ranges.free('IPv4', taken), /range is full/);
  t.match(ranges.free('IPv6', taken), /^fd96::/);
  t.throws(() => new ServiceRanges('10.96.0.0/29'), { name: 'DomainError' });
  t.end();
});
