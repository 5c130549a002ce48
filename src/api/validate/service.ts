import { isIP } from 'node:net';
import { isObject, type Json, type JsonObject } from '../json.ts';
import {
  atLeast,
  between,
  type CheckTable,
  distinct,
  entries,
  named,
  oneOf,
  port,
  portOrName,
} from './check.ts';
import { type Fault, invalid, required } from './fault.ts';
import { dnsLabel, dnsSubdomain } from './name.ts';

export const serviceChecks: CheckTable = {
  'core.v1.ServiceSpec': {
    fields: {
      type: [oneOf('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName')],
      sessionAffinity: [oneOf('None', 'ClientIP')],
      externalTrafficPolicy: [oneOf('Cluster', 'Local')],
      internalTrafficPolicy: [oneOf('Cluster', 'Local')],
      ports: [distinct('name')],
      clusterIP: [address],
    },
    whole: [hasPorts, portsNamed, headlessPlain],
  },
  'core.v1.ClientIPConfig': { fields: { timeoutSeconds: [between(1, 86_400)] } },
  'core.v1.ServicePort': {
    fields: {
      name: [named(dnsLabel)],
      port: [port],
      nodePort: [between(0, 65_535)],
      targetPort: [portOrName],
      protocol: [oneOf('TCP', 'UDP', 'SCTP')],
    },
  },
  'core.v1.EndpointAddress': { fields: { ip: [address] } },
  'core.v1.EndpointPort': { fields: { port: [port], protocol: [oneOf('TCP', 'UDP', 'SCTP')] } },
  'discovery.v1.EndpointSlice': {
    fields: { addressType: [oneOf('IPv4', 'IPv6', 'FQDN')] },
    optional: ['endpoints'],
  },
  'networking.v1.HTTPIngressPath': {
    fields: { pathType: [oneOf('Exact', 'Prefix', 'ImplementationSpecific')], path: [absolute] },
  },
  'networking.v1.IngressRule': { fields: { host: [hostName] } },
  'networking.v1.IngressServiceBackend': { whole: [backendHasPort] },
  'networking.v1.IngressSpec': { whole: [hasRules] },
  'networking.v1.NetworkPolicySpec': { optional: ['podSelector'] },
  'networking.v1.IPBlock': {},
  'networking.v1.ServiceBackendPort': { fields: { number: [atLeast(0)] } },
};

function hasPorts(spec: JsonObject, path: string): Fault[] {
  if (spec['type'] === 'ExternalName') {
    const { externalName } = spec;
    if (typeof externalName !== 'string' || externalName === '') {
      return [required(`${path}.externalName`)];
    }
    const bare = externalName.replace(/\.$/, '');
    return dnsSubdomain(bare).map((words) => invalid(`${path}.externalName`, externalName, words));
  }
  const headless = spec['clusterIP'] === 'None';
  return entries(spec['ports']).length === 0 && !headless ? [required(`${path}.ports`)] : [];
}

/** One port needs no name; several need one each. */
function portsNamed(spec: JsonObject, path: string): Fault[] {
  const ports = entries(spec['ports']);
  if (ports.length < 2) return [];
  return ports.flatMap(({ name }, index) =>
    name ? [] : [required(`${path}.ports[${index}].name`)],
  );
}

function headlessPlain(spec: JsonObject, path: string): Fault[] {
  if (spec['clusterIP'] !== 'None') return [];
  const { type } = spec;
  if (type !== 'NodePort' && type !== 'LoadBalancer') return [];
  const words = `may not be set to 'None' for ${type} services`;
  return [invalid(`${path}.clusterIPs[0]`, 'None', words)];
}

function address(value: Json, path: string): Fault[] {
  if (typeof value !== 'string' || value === '' || value === 'None' || isIP(value) !== 0) return [];
  const words = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
  return [invalid(path, value, words)];
}

function absolute(value: Json, path: string): Fault[] {
  if (typeof value !== 'string' || value === '' || value.startsWith('/')) return [];
  return [invalid(path, value, 'must be an absolute path')];
}

function hostName(value: Json, path: string): Fault[] {
  if (typeof value !== 'string' || value === '') return [];
  if (isIP(value) !== 0) return [invalid(path, value, 'must be a DNS name, not an IP address')];
  const bare = value.replace(/^\*\./, '');
  return dnsSubdomain(bare).map((words) => invalid(path, value, words));
}

function backendHasPort({ port }: JsonObject, path: string): Fault[] {
  const named = isObject(port) && (port['name'] !== undefined || port['number'] !== undefined);
  const owner = path.replace(/\.service$/, '');
  return named ? [] : [required(owner, 'port name or number is required')];
}

function hasRules({ rules, defaultBackend, tls }: JsonObject, path: string): Fault[] {
  if (entries(rules).length > 0 || isObject(defaultBackend)) return [];
  const words = 'either `defaultBackend` or `rules` must be specified';
  return entries(tls).length > 0 ? [] : [invalid(path, {}, words)];
}
