import { isObject, type Json, type JsonObject, textOf } from '../json.ts';
import { parseQuantity } from '../quantity.ts';
import {
  amounts,
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
import { duplicate, type Fault, forbiddenField, invalid, missing, required } from './fault.ts';
import { dnsLabel, dnsSubdomain, portName, variableName } from './name.ts';

const container = {
  fields: {
    name: [named(dnsLabel)],
    imagePullPolicy: [oneOf('Always', 'IfNotPresent', 'Never')],
    terminationMessagePolicy: [oneOf('File', 'FallbackToLogsOnError')],
    ports: [distinct('name')],
    volumeMounts: [distinctPaths],
  },
  whole: [hasImage],
};

export const podChecks: CheckTable = {
  'core.v1.Pod': { fields: { spec: [mountsHaveVolumes] } },
  'core.v1.PodSpec': {
    fields: {
      containers: [distinct('name')],
      initContainers: [distinct('name')],
      volumes: [distinct('name')],
      restartPolicy: [oneOf('Always', 'OnFailure', 'Never')],
      dnsPolicy: [oneOf('ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None')],
      terminationGracePeriodSeconds: [atLeast(0)],
      activeDeadlineSeconds: [between(1, 2 ** 31 - 1)],
      serviceAccountName: [named(dnsSubdomain)],
      nodeName: [named(dnsSubdomain)],
      hostname: [named(dnsLabel)],
      subdomain: [named(dnsLabel)],
      runtimeClassName: [named(dnsSubdomain)],
    },
    whole: [namesInOnce, hostPortsOnce],
  },
  'core.v1.Container': container,
  'core.v1.EphemeralContainer': container,
  'core.v1.ContainerPort': {
    fields: {
      name: [named(portName)],
      containerPort: [port],
      hostPort: [port],
      protocol: [oneOf('TCP', 'UDP', 'SCTP')],
    },
  },
  'core.v1.EnvVar': { fields: { name: [named(variableName)] }, whole: [oneValue] },
  'core.v1.Volume': { fields: { name: [named(dnsLabel)] }, whole: [oneSource] },
  'core.v1.Probe': {
    fields: {
      timeoutSeconds: [atLeast(1)],
      periodSeconds: [atLeast(1)],
      successThreshold: [atLeast(1)],
      failureThreshold: [atLeast(1)],
      initialDelaySeconds: [atLeast(0)],
    },
    whole: [oneHandler],
  },
  'core.v1.HTTPGetAction': { fields: { port: [portOrName], scheme: [oneOf('HTTP', 'HTTPS')] } },
  'core.v1.TCPSocketAction': { fields: { port: [portOrName] } },
  'core.v1.ResourceRequirements': {
    fields: { limits: [amounts], requests: [amounts] },
    whole: [requestsFit],
  },
  'core.v1.Toleration': {
    fields: {
      operator: [oneOf('Exists', 'Equal', 'Lt', 'Gt')],
      effect: [oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute')],
    },
    whole: [tolerationMakesSense],
  },
  'core.v1.NodeSelectorRequirement': {
    fields: { operator: [oneOf('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt')] },
  },
  'core.v1.TopologySpreadConstraint': {
    fields: {
      maxSkew: [atLeast(1)],
      whenUnsatisfiable: [oneOf('DoNotSchedule', 'ScheduleAnyway')],
    },
  },
  'core.v1.HostPathVolumeSource': { fields: { path: [noBackstep] } },
};

function hasImage({ image }: JsonObject, path: string): Fault[] {
  if (typeof image !== 'string' || image === '') return [required(`${path}.image`)];
  if (image.trim() === image) return [];
  return [invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')];
}

function distinctPaths(list: Json, path: string): Fault[] {
  const seen = new Set<Json>();
  return entries(list).flatMap(({ mountPath }, index) => {
    if (mountPath === undefined || !seen.has(mountPath)) {
      seen.add(mountPath ?? '');
      return [];
    }
    return [invalid(`${path}[${index}].mountPath`, mountPath, 'must be unique')];
  });
}

/** Init containers and containers share their names. */
function namesInOnce(spec: JsonObject, path: string): Fault[] {
  const names = new Set(entries(spec['containers']).map(({ name }) => name));
  return entries(spec['initContainers']).flatMap(({ name }, index) =>
    name !== undefined && names.has(name)
      ? [duplicate(`${path}.initContainers[${index}].name`, name)]
      : [],
  );
}

/** The same of a workload's template, whose pods have volumes by claims of their owner, too. */
export function templateMounts(template: Json, path: string, owner: JsonObject): Fault[] {
  const spec = isObject(template) ? (template['spec'] ?? null) : null;
  return mountsHaveVolumes(spec, `${path}.spec`, owner);
}

function mountsHaveVolumes(spec: Json, path: string, owner: JsonObject): Fault[] {
  if (!isObject(spec)) return [];
  const volumes = new Set(entries(spec['volumes']).map(({ name }) => name));
  for (const { metadata } of entries(owner['volumeClaimTemplates'])) {
    if (isObject(metadata)) volumes.add(metadata['name']);
  }
  return ['initContainers', 'containers'].flatMap((field) =>
    entries(spec[field]).flatMap((entry, index) =>
      entries(entry['volumeMounts']).flatMap(({ name }, at) =>
        typeof name === 'string' && name !== '' && !volumes.has(name)
          ? [missing(`${path}.${field}[${index}].volumeMounts[${at}].name`, name)]
          : [],
      ),
    ),
  );
}

function hostPortsOnce(spec: JsonObject, path: string): Fault[] {
  const seen = new Set<string>();
  return entries(spec['containers']).flatMap((entry, index) =>
    entries(entry['ports']).flatMap(({ hostPort, hostIP, protocol }, at) => {
      if (typeof hostPort !== 'number' || hostPort === 0) return [];
      const key = `${textOf(protocol)}/${textOf(hostIP)}/${hostPort}`;
      if (seen.has(key)) {
        return [duplicate(`${path}.containers[${index}].ports[${at}].hostPort`, key)];
      }
      seen.add(key);
      return [];
    }),
  );
}

function oneValue({ value, valueFrom }: JsonObject, path: string): Fault[] {
  if (!isObject(valueFrom)) return [];
  const at = `${path}.valueFrom`;
  const sources = Object.keys(valueFrom).filter((name) => valueFrom[name] !== undefined);
  if (sources.length === 0) {
    return [
      invalid(
        at,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
      ),
    ];
  }
  if (typeof value === 'string' && value !== '') {
    return [invalid(at, '', 'may not be specified when `value` is not empty')];
  }
  return sources.length > 1
    ? [invalid(at, '', 'may not have more than one field specified at a time')]
    : [];
}

function oneSource(volume: JsonObject, path: string): Fault[] {
  const sources = Object.keys(volume).filter((name) => name !== 'name');
  if (sources.length === 0) return [required(path, 'must specify a volume type')];
  return sources
    .slice(1)
    .map((name) => forbiddenField(`${path}.${name}`, 'may not specify more than 1 volume type'));
}

function oneHandler(probe: JsonObject, path: string): Fault[] {
  const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter((name) => probe[name]);
  if (handlers.length === 0) return [required(path, 'must specify a handler type')];
  return handlers
    .slice(1)
    .map((name) => forbiddenField(`${path}.${name}`, 'may not specify more than 1 handler type'));
}

function requestsFit({ limits, requests }: JsonObject, path: string): Fault[] {
  if (!isObject(limits) || !isObject(requests)) return [];
  return Object.entries(requests).flatMap(([name, request]) => {
    const limit = limits[name];
    if (typeof limit !== 'string' || typeof request !== 'string') return [];
    if (parseQuantity(request).nano <= parseQuantity(limit).nano) return [];
    const words = `must be less than or equal to ${name} limit of ${limit}`;
    return [invalid(`${path}.requests`, request, words)];
  });
}

function tolerationMakesSense(toleration: JsonObject, path: string): Fault[] {
  const { operator, key, value, effect, tolerationSeconds } = toleration;
  const faults: Fault[] = [];
  if (!key && operator !== 'Exists') {
    const words =
      'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    faults.push(invalid(`${path}.operator`, operator ?? '', words));
  }
  if (operator === 'Exists' && value) {
    faults.push(
      invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"),
    );
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    faults.push(
      invalid(
        `${path}.effect`,
        effect ?? '',
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      ),
    );
  }
  return faults;
}

function noBackstep(value: Json, path: string): Fault[] {
  return typeof value === 'string' && value.split('/').includes('..')
    ? [invalid(path, value, "must not contain '..'")]
    : [];
}
