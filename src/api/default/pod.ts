import { type Draft, isObject } from '../json.ts';
import { type DefaultTable, each, fill, fillEmpty, within } from './rule.ts';

const container = [
  fillEmpty({ terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' }),
  fillPullPolicy,
  fill({ resources: {} }),
];

export const podDefaults: DefaultTable = {
  // A template of pods is kept as it was written in these.
  'core.v1.Pod': [
    fill({ spec: {}, status: {} }),
    (pod) => {
      const spec = within(pod, 'spec');
      spec['enableServiceLinks'] ??= true;
      requestLimits(spec);
      openHostPorts(spec);
    },
  ],
  'core.v1.PodSpec': [
    fill({ terminationGracePeriodSeconds: 30, securityContext: {} }),
    fillEmpty({
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
    }),
    mirrorServiceAccount,
  ],
  'core.v1.Container': container,
  'core.v1.EphemeralContainerCommon': container,
  'core.v1.ContainerPort': [fillEmpty({ protocol: 'TCP' })],
  'core.v1.Probe': [fillZero({ timeoutSeconds: 1, periodSeconds: 10 }), fillThresholds],
  'core.v1.HTTPGetAction': [fillEmpty({ path: '/', scheme: 'HTTP' })],
  'core.v1.GRPCAction': [fill({ service: '' })],
  'core.v1.ObjectFieldSelector': [fillEmpty({ apiVersion: 'v1' })],
};

function fillZero(values: Readonly<Record<string, number>>): (owner: Draft) => void {
  return (owner) => {
    for (const [name, value] of Object.entries(values)) owner[name] ||= value;
  };
}

function fillThresholds(probe: Draft): void {
  probe['successThreshold'] ||= 1;
  probe['failureThreshold'] ||= 3;
}

/** An image without a tag, or with `latest`, may change any time. */
function fillPullPolicy(owner: Draft): void {
  if (owner['imagePullPolicy'] !== undefined && owner['imagePullPolicy'] !== '') return;
  const image = typeof owner['image'] === 'string' ? owner['image'] : '';
  owner['imagePullPolicy'] = isLatest(image) ? 'Always' : 'IfNotPresent';
}

function isLatest(image: string): boolean {
  if (image.includes('@')) return false;
  const name = image.slice(image.lastIndexOf('/') + 1);
  return !name.includes(':') || name.endsWith(':latest');
}

/** The old name of the field is kept in step: clients of both are about. */
function mirrorServiceAccount(spec: Draft): void {
  const name = spec['serviceAccountName'] ?? spec['serviceAccount'];
  if (name === undefined) return;
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
}

/** A limit without a request is the request. */
function requestLimits(spec: Draft): void {
  const containers = [...each(spec, 'containers'), ...each(spec, 'initContainers')];
  for (const entry of [...containers, spec]) {
    const resources = entry['resources'];
    const limits = isObject(resources) ? resources['limits'] : undefined;
    if (!isObject(limits) || Object.keys(limits).length === 0) continue;
    const requests = within(resources as Draft, 'requests');
    for (const [name, amount] of Object.entries(limits)) {
      if (requests[name] === undefined && amount !== undefined) requests[name] = amount;
    }
  }
}

/** With the host's network a port is the host's. */
function openHostPorts(spec: Draft): void {
  if (spec['hostNetwork'] !== true) return;
  for (const entry of [...each(spec, 'containers'), ...each(spec, 'initContainers')]) {
    for (const port of each(entry, 'ports')) port['hostPort'] ||= port['containerPort'];
  }
}
