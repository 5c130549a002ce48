import { type Draft, isObject, type Json } from '../json.ts';
import {
  type DefaultTable,
  fill,
  fillEmpty,
  isEmpty,
  labelWithTemplate,
  templateLabels,
  within,
} from './rule.ts';

/** Three hours. */
const clientAffinitySeconds = 10_800;

export const coreDefaults: DefaultTable = {
  'core.v1.Namespace': [fill({ spec: {}, status: {} }), labelWithName],
  'core.v1.NamespaceStatus': [fillEmpty({ phase: 'Active' })],
  'core.v1.Node': [fill({ spec: {}, status: {} })],
  'core.v1.NodeSpec': [fillRanges],
  'core.v1.ResourceFieldSelector': [fill({ divisor: '0' })],
  'core.v1.NodeStatus': [allocateCapacity],
  'core.v1.Secret': [fillEmpty({ type: 'Opaque' })],
  'core.v1.Service': [fill({ spec: {}, status: { loadBalancer: {} } })],
  'core.v1.ServiceSpec': [fillEmpty({ sessionAffinity: 'None', type: 'ClusterIP' }), fillService],
  'core.v1.ServicePort': [fillEmpty({ protocol: 'TCP' }), fillTargetPort],
  'core.v1.EndpointPort': [fillEmpty({ protocol: 'TCP' })],
  'core.v1.ReplicationController': [fill({ spec: {}, status: { replicas: 0 } }), fillController],
  'core.v1.ReplicationControllerSpec': [fill({ replicas: 1 })],
  'core.v1.LimitRange': [fill({ spec: { limits: [] } })],
  'core.v1.LimitRangeItem': [fillLimits],
  'core.v1.ResourceQuota': [fill({ spec: {}, status: {} })],
};

/** So that selectors of namespaces can name one. */
function labelWithName(namespace: Draft): void {
  const metadata = within(namespace, 'metadata');
  if (typeof metadata['name'] !== 'string' || metadata['name'] === '') return;
  within(metadata, 'labels')['kubernetes.io/metadata.name'] = metadata['name'];
}

function fillRanges(spec: Draft): void {
  const { podCIDR, podCIDRs } = spec;
  if (typeof podCIDR === 'string' && podCIDR !== '' && isEmpty(podCIDRs)) {
    spec['podCIDRs'] = [podCIDR];
  }
}

function allocateCapacity(status: Draft): void {
  if (status['allocatable'] === undefined && status['capacity'] !== undefined) {
    status['allocatable'] = structuredClone(status['capacity']);
  }
}

function fillService(spec: Draft): void {
  const { type } = spec;
  if (spec['sessionAffinity'] === 'ClientIP') {
    const clientIp = within(within(spec, 'sessionAffinityConfig'), 'clientIP');
    clientIp['timeoutSeconds'] ??= clientAffinitySeconds;
  }
  if (type === 'NodePort' || type === 'LoadBalancer')
    fillEmpty({ externalTrafficPolicy: 'Cluster' })(spec);
  if (type !== 'ExternalName') fill({ internalTrafficPolicy: 'Cluster' })(spec);
  if (type === 'LoadBalancer') fill({ allocateLoadBalancerNodePorts: true })(spec);
}

function fillTargetPort(port: Draft): void {
  const { targetPort } = port;
  if (targetPort !== undefined && targetPort !== 0 && targetPort !== '') return;
  if (port['port'] !== undefined) port['targetPort'] = port['port'];
}

/** Selector and labels are those of the template. */
function fillController(controller: Draft): void {
  const spec = within(controller, 'spec');
  const labels = templateLabels(spec);
  if (labels === undefined) return;
  if (isEmpty(spec['selector'])) spec['selector'] = { ...labels };
  labelWithTemplate(controller);
}

/** The default limit is the largest, the default request the default limit, or the smallest. */
function fillLimits(item: Draft): void {
  if (item['type'] !== 'Container') return;
  const defaults = within(item, 'default');
  const requests = within(item, 'defaultRequest');
  addAbsent(defaults, item['max']);
  addAbsent(requests, defaults);
  addAbsent(requests, item['min']);
}

function addAbsent(target: Draft, source: Json | undefined): void {
  if (!isObject(source)) return;
  for (const [name, amount] of Object.entries(source)) {
    if (target[name] === undefined && amount !== undefined) target[name] = amount;
  }
}
