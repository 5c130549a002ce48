import { type Json, type JsonObject, objectIn, textOf } from '../json.ts';
import {
  age,
  type Column,
  labelsText,
  nameColumn,
  objects,
  orNone,
  selectorText,
  text,
  texts,
  wide,
} from './column.ts';

const spec = (object: JsonObject) => objectIn(object, 'spec');

/** More than these are a number. */
const shownEndpoints = 3;

export const serviceColumns: readonly Column[] = [
  nameColumn,
  text('Type', (service) => textOf(spec(service)['type'])),
  text('Cluster-IP', (service) => textOf(spec(service)['clusterIP']) || '<none>'),
  text('External-IP', externalAddresses),
  text('Port(s)', (service) => orNone(objects(spec(service)['ports']).map(servicePort))),
  age,
  wide('Selector', (service) => labelsText(objectIn(spec(service), 'selector'))),
];

export const endpointsColumns: readonly Column[] = [
  nameColumn,
  text('Endpoints', (endpoints) => {
    const pairs = objects(endpoints['subsets']).flatMap(subsetPairs);
    return limited(pairs);
  }),
  age,
];

export const endpointSliceColumns: readonly Column[] = [
  nameColumn,
  text('AddressType', (slice) => textOf(slice['addressType'])),
  text('Ports', (slice) => {
    const ports = objects(slice['ports']);
    if (ports.length === 0) return '<unset>';
    return limited(ports.map(({ port, name }) => portText(port) || textOf(name)));
  }),
  text('Endpoints', (slice) => {
    const addresses = objects(slice['endpoints']).flatMap((entry) => texts(entry['addresses']));
    return addresses.length === 0 ? '<unset>' : limited(addresses);
  }),
  age,
];

export const ingressColumns: readonly Column[] = [
  nameColumn,
  text('Class', (ingress) => {
    const annotations = objectIn(objectIn(ingress, 'metadata'), 'annotations');
    const named = spec(ingress)['ingressClassName'] ?? annotations['kubernetes.io/ingress.class'];
    return textOf(named) || '<none>';
  }),
  text('Hosts', (ingress) => {
    const hosts = objects(spec(ingress)['rules']).map(({ host }) => textOf(host) || '*');
    return hosts.length === 0 ? '*' : hosts.join(',');
  }),
  text('Address', (ingress) => loadBalancerAddresses(ingress).join(',')),
  text('Ports', (ingress) => (objects(spec(ingress)['tls']).length > 0 ? '80, 443' : '80')),
  age,
];

export const ingressClassColumns: readonly Column[] = [
  nameColumn,
  text('Controller', (entry) => textOf(spec(entry)['controller'])),
  text('Parameters', (entry) => {
    const parameters = objectIn(spec(entry), 'parameters');
    if (Object.keys(parameters).length === 0) return '<none>';
    const group = textOf(parameters['apiGroup']);
    const kind = `${textOf(parameters['kind'])}${group === '' ? '' : `.${group}`}`;
    return `${kind}/${textOf(parameters['name'])}`;
  }),
  age,
];

export const networkPolicyColumns: readonly Column[] = [
  nameColumn,
  text('Pod-Selector', (policy) => selectorText(objectIn(spec(policy), 'podSelector'))),
  age,
];

function servicePort({ port, nodePort, protocol }: JsonObject): string {
  const node = typeof nodePort === 'number' && nodePort > 0 ? `:${nodePort}` : '';
  return `${portText(port)}${node}/${textOf(protocol)}`;
}

function portText(port: Json | undefined): string {
  return typeof port === 'number' ? String(port) : '';
}

function externalAddresses(service: JsonObject): string {
  const { type, externalIPs, externalName } = spec(service);
  if (type === 'ExternalName') return textOf(externalName);
  const listed = texts(externalIPs);
  if (type !== 'LoadBalancer') return orNone(listed);
  const given = [...loadBalancerAddresses(service), ...listed];
  return given.length === 0 ? '<pending>' : given.join(',');
}

function loadBalancerAddresses(object: JsonObject): string[] {
  const ingress = objects(objectIn(objectIn(object, 'status'), 'loadBalancer')['ingress']);
  return ingress.map(({ ip, hostname }) => textOf(ip) || textOf(hostname)).filter((name) => name);
}

function subsetPairs(subset: JsonObject): string[] {
  const addresses = objects(subset['addresses']).map(({ ip }) => textOf(ip));
  const ports = objects(subset['ports']).map(({ port }) => portText(port));
  if (ports.length === 0) return addresses;
  return ports.flatMap((port) =>
    addresses.map((address) => `${address.includes(':') ? `[${address}]` : address}:${port}`),
  );
}

function limited(words: readonly string[]): string {
  if (words.length <= shownEndpoints) return orNone(words);
  const more = words.length - shownEndpoints;
  return `${words.slice(0, shownEndpoints).join(',')} + ${more} more...`;
}
