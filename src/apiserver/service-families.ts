import { familyOfText, type IpFamily } from '../api/address-range.ts';
import { isList, type JsonObject, objectIn, textOf } from '../api/json.ts';
import { duplicate, type Fault, invalid, notSupported } from '../api/validate/fault.ts';

/** In which families a service has addresses, and which it asks for: none, some, or `None`. */
export interface FamilyPlan {
  readonly policy: string;
  readonly families: readonly IpFamily[];
  /** In the order of the families; shorter where the rest is to be found. */
  readonly asked: readonly string[];
}

const policies = ['SingleStack', 'PreferDualStack', 'RequireDualStack'];

/**
 * What follows from a service's spec, what it was before, and the families that the cluster has.
 * A pure function.
 */
export function planFamilies(
  spec: JsonObject,
  before: JsonObject,
  available: readonly IpFamily[],
): FamilyPlan | { readonly faults: readonly Fault[] } {
  const policy = policyOf(spec, available);
  const asked = askedIn(spec);
  const named = textsIn(spec, 'ipFamilies');
  if (!policies.includes(policy)) {
    return { faults: [notSupported('spec.ipFamilyPolicy', policy, policies)] };
  }
  // Who takes the second family back may leave the addresses as they were.
  const wasDual = textsIn(before, 'ipFamilies').length > 1;
  if (policy === 'SingleStack' && wasDual && !asksForOther(spec, before)) {
    return { policy, families: namedOf(named).slice(0, 1), asked: asked.slice(0, 1) };
  }
  const faults = [
    ...addressFaults(spec, { asked, named }),
    ...familyFaults({ policy, asked, named }, available),
  ];
  if (faults.length > 0) return { faults };
  const chosen = asked[0] === 'None' || asked.length === 0 ? [] : asked.map(familyOfText);
  const first = [...new Set([...namedOf(named), ...chosen])];
  const all = [...new Set([...first, ...available])];
  return { policy, families: all.slice(0, policy === 'SingleStack' ? 1 : 2), asked };
}

/** Addresses that a service has. */
export function addressesIn(spec: JsonObject): readonly string[] {
  return [...new Set([textOf(spec['clusterIP']), ...textsIn(spec, 'clusterIPs')])].filter(
    (address) => address !== '' && address !== 'None',
  );
}

function policyOf(spec: JsonObject, available: readonly IpFamily[]): string {
  const said = textOf(spec['ipFamilyPolicy']);
  if (said !== '') return said;
  const asksForTwo = [askedIn(spec), textsIn(spec, 'ipFamilies')].some(({ length }) => length > 1);
  // Its endpoints are somebody else's to write, of whatever family.
  const isFree =
    spec['clusterIP'] === 'None' && Object.keys(objectIn(spec, 'selector')).length === 0;
  return asksForTwo || (isFree && available.length > 1) ? 'RequireDualStack' : 'SingleStack';
}

function askedIn(spec: JsonObject): readonly string[] {
  const list = textsIn(spec, 'clusterIPs').filter((address) => address !== '');
  const single = textOf(spec['clusterIP']);
  return list.length > 0 ? list : single === '' ? [] : [single];
}

function addressFaults(
  spec: JsonObject,
  { asked, named }: { readonly asked: readonly string[]; readonly named: readonly string[] },
): Fault[] {
  const [first = '', second] = asked;
  const single = textOf(spec['clusterIP']);
  if (asked.length > 2) {
    return [invalid('spec.clusterIPs', [...asked], 'may only hold up to 2 values')];
  }
  if (single !== '' && single !== first) {
    return [invalid('spec.clusterIPs', [...asked], 'first value must match `clusterIP`')];
  }
  if (first === 'None') {
    const words = 'may not be set to other values when the first is None';
    return second === undefined ? [] : [invalid('spec.clusterIPs', [...asked], words)];
  }
  if (second !== undefined && familyOfText(first) === familyOfText(second)) {
    const words = 'may specify no more than one IP for each IP family';
    return [invalid('spec.clusterIPs', [...asked], words)];
  }
  return asked.flatMap((address, index) => {
    const family = named[index];
    if (family === undefined || family === familyOfText(address)) return [];
    const words = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    return [invalid(`spec.clusterIPs[${index}]`, address, words)];
  });
}

function familyFaults(
  {
    policy,
    asked,
    named,
  }: {
    readonly policy: string;
    readonly asked: readonly string[];
    readonly named: readonly string[];
  },
  available: readonly IpFamily[],
): Fault[] {
  const count = Math.max(named.length, asked.length);
  if (policy === 'SingleStack' && count > 1) {
    const words = 'may be SingleStack only with one of `ipFamilies` and `clusterIPs`';
    return [invalid('spec.ipFamilyPolicy', policy, words)];
  }
  if (policy === 'RequireDualStack' && available.length < 2) {
    const words = 'this cluster is not configured for dual-stack services';
    return [invalid('spec.ipFamilyPolicy', policy, words)];
  }
  const wanted = named.length > 0 || asked[0] === 'None' ? named : asked.map(familyOfText);
  return wanted.flatMap((family, index) => {
    const path = `spec.ipFamilies[${index}]`;
    if (wanted.indexOf(family) !== index) return [duplicate(path, family)];
    if (available.some((one) => one === family)) return [];
    return [invalid(path, family, 'not configured on this cluster')];
  });
}

/** Whether addresses or families are others than before. */
function asksForOther(spec: JsonObject, before: JsonObject): boolean {
  return (['clusterIPs', 'ipFamilies'] as const).some((field) => {
    const now = textsIn(spec, field);
    return now.length > 1 && now.join() !== textsIn(before, field).join();
  });
}

function namedOf(named: readonly string[]): readonly IpFamily[] {
  return named.filter((family) => family === 'IPv4' || family === 'IPv6');
}

function textsIn(object: JsonObject, field: string): readonly string[] {
  const list = object[field];
  return isList(list) ? list.map(textOf) : [];
}
