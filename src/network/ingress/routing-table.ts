import type { Ingress } from '../../api/types/generated/networking-v1.ts';
import { type Route, routeOf } from './route.ts';

/** The rules of one host, of one pattern of hosts, or of all. */
interface HostRules {
  readonly exact: Map<string, Route>;
  /** By path without slashes at its end. */
  readonly prefixes: Map<string, Route>;
  fallback?: Route;
}

/** How requests are matched: host before pattern before none, exact before long before short. */
export interface RoutingTable {
  /**
   * The route of a request; undefined where there is none. Host and path as
   * `request-target.ts` makes them.
   */
  find(host: string, path: string): Route | undefined;
  /** Whether an Ingress has the host's name among its certificates'. */
  isEncrypted(host: string): boolean;
  /** `default/web`: the Services that requests may go to. */
  readonly services: ReadonlySet<string>;
}

/**
 * Makes the table of all Ingresses that are served (networking.k8s.io/v1): a rule is one for a host
 * and a path. Where two Ingresses have the same, the older one's counts. A request whose host has
 * rules, none of which fits its path, goes on to the pattern's rules and then to those of no host;
 * after all rules come the default backends: of an Ingress with rules for its hosts, of one without
 * for everybody.
 */
export function routingTable(ingresses: readonly Ingress[]): RoutingTable {
  const hosts = new Map<string, HostRules>();
  const encrypted = new Set<string>();
  for (const ingress of ingresses.toSorted(byAge)) addIngress(hosts, encrypted, ingress);
  const services = new Set(
    [...hosts.values()].flatMap(({ exact, prefixes, fallback }) =>
      [...exact.values(), ...prefixes.values(), ...(fallback === undefined ? [] : [fallback])].map(
        ({ namespace, service }) => `${namespace}/${service}`,
      ),
    ),
  );
  const of = (host: string): HostRules[] =>
    [host, patternOf(host), ''].flatMap((key) => hosts.get(key) ?? []);
  return {
    find(host, path) {
      const candidates = of(host);
      for (const rules of candidates) {
        const found = rules.exact.get(path) ?? longest(rules.prefixes, path);
        if (found !== undefined) return found;
      }
      return candidates.find(({ fallback }) => fallback !== undefined)?.fallback;
    },
    services,
    isEncrypted: (host) => encrypted.has(host) || encrypted.has(patternOf(host)),
  };
}

/** `*.example.com` of `www.example.com`: a star is one label. */
export function patternOf(host: string): string {
  const dot = host.indexOf('.');
  return dot > 0 ? `*${host.slice(dot)}` : '*';
}

function addIngress(hosts: Map<string, HostRules>, encrypted: Set<string>, ingress: Ingress): void {
  const { rules = [], defaultBackend, tls = [] } = ingress.spec;
  for (const { hosts: names = [] } of tls) {
    for (const name of names) encrypted.add(name.toLowerCase());
  }
  const named = rules.map(({ host = '' }) => rulesOf(hosts, host.toLowerCase()));
  for (const [index, { http }] of rules.entries()) {
    for (const path of http?.paths ?? []) {
      const at = named[index];
      if (at === undefined) continue;
      const route = routeOf(ingress, path.backend);
      const text = path.path ?? '/';
      if (path.pathType === 'Exact') addFirst(at.exact, text, route);
      // What is left to the implementation is a prefix, as with nearly all of them.
      else addFirst(at.prefixes, withoutSlashes(text), route);
    }
  }
  if (defaultBackend === undefined) return;
  const fallback = routeOf(ingress, defaultBackend);
  for (const at of named.length > 0 ? named : [rulesOf(hosts, '')]) at.fallback ??= fallback;
}

function rulesOf(hosts: Map<string, HostRules>, host: string): HostRules {
  const known = hosts.get(host);
  if (known !== undefined) return known;
  const made: HostRules = { exact: new Map(), prefixes: new Map() };
  hosts.set(host, made);
  return made;
}

function addFirst(routes: Map<string, Route>, path: string, route: Route): void {
  if (!routes.has(path)) routes.set(path, route);
}

/** Element by element: `/foo` has `/foo/bar` below it, but not `/foobar`. */
function longest(prefixes: ReadonlyMap<string, Route>, path: string): Route | undefined {
  if (prefixes.size === 0) return undefined;
  for (let rest = withoutSlashes(path); ; rest = withoutSlashes(rest)) {
    const found = prefixes.get(rest);
    if (found !== undefined || rest === '') return found;
    rest = rest.slice(0, rest.lastIndexOf('/'));
  }
}

function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path.charCodeAt(end - 1) === 0x2f) end -= 1;
  return path.slice(0, end);
}

function byAge(one: Ingress, other: Ingress): number {
  return order(ageKey(one), ageKey(other));
}

function ageKey({ metadata }: Ingress): string {
  const { creationTimestamp = '', namespace = '', name = '' } = metadata;
  return `${creationTimestamp} ${namespace}/${name}`;
}

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
