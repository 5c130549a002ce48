import { isObject, type Json, type JsonObject } from '../json.ts';
import { matchesLabels, readLabelSelector } from '../selector/label-selector.ts';
import { atLeast, type CheckTable, entries, oneOf } from './check.ts';
import { type Fault, forbiddenField, invalid, notSupported, required } from './fault.ts';
import { labelFaults } from './metadata.ts';
import { templateMounts } from './pod.ts';

const alwaysRestarted = templateRestarts('Always');
const endings = 'valid values: "OnFailure", "Never"';

export const workloadChecks: CheckTable = {
  'core.v1.PodTemplateSpec': { whole: [templateLabelsRight] },
  'core.v1.ReplicationControllerSpec': {
    fields: { replicas: [atLeast(0)], minReadySeconds: [atLeast(0)], template: [templateMounts] },
    whole: [hasTemplate, alwaysRestarted],
  },
  'apps.v1.DeploymentSpec': {
    fields: {
      replicas: [atLeast(0)],
      minReadySeconds: [atLeast(0)],
      revisionHistoryLimit: [atLeast(0)],
      progressDeadlineSeconds: [atLeast(0)],
      template: [templateMounts],
    },
    whole: [selectorMatches, hasContainers, alwaysRestarted],
    optional: ['template'],
  },
  'apps.v1.DeploymentStrategy': {
    fields: { type: [oneOf('Recreate', 'RollingUpdate')] },
    whole: [strategyMakesSense],
  },
  'apps.v1.ReplicaSetSpec': {
    fields: { replicas: [atLeast(0)], minReadySeconds: [atLeast(0)], template: [templateMounts] },
    whole: [selectorMatches, hasContainers, alwaysRestarted],
    optional: ['template'],
  },
  'apps.v1.StatefulSetSpec': {
    fields: {
      replicas: [atLeast(0)],
      podManagementPolicy: [oneOf('OrderedReady', 'Parallel')],
      template: [templateMounts],
    },
    whole: [selectorMatches, hasContainers, alwaysRestarted],
    optional: ['serviceName', 'template'],
  },
  'apps.v1.StatefulSetUpdateStrategy': { fields: { type: [oneOf('OnDelete', 'RollingUpdate')] } },
  'apps.v1.DaemonSetSpec': {
    fields: { template: [templateMounts] },
    whole: [selectorMatches, hasContainers, alwaysRestarted],
    optional: ['template'],
  },
  'apps.v1.DaemonSetUpdateStrategy': { fields: { type: [oneOf('OnDelete', 'RollingUpdate')] } },
  'apps.v1.ControllerRevision': { optional: ['revision'] },
  'batch.v1.JobSpec': {
    fields: {
      parallelism: [atLeast(0)],
      completions: [atLeast(0)],
      backoffLimit: [atLeast(0)],
      activeDeadlineSeconds: [atLeast(0)],
      ttlSecondsAfterFinished: [atLeast(0)],
      completionMode: [oneOf('NonIndexed', 'Indexed')],
      template: [templateMounts],
    },
    whole: [hasContainers, ends],
    optional: ['template'],
  },
  'batch.v1.CronJobSpec': {
    fields: {
      schedule: [schedule],
      concurrencyPolicy: [oneOf('Allow', 'Forbid', 'Replace')],
      startingDeadlineSeconds: [atLeast(0)],
      successfulJobsHistoryLimit: [atLeast(0)],
      failedJobsHistoryLimit: [atLeast(0)],
      timeZone: [timeZone],
    },
    whole: [hasJob],
    optional: ['jobTemplate'],
  },
};

function templateLabelsRight({ metadata }: JsonObject, path: string): Fault[] {
  const labels = isObject(metadata) ? metadata['labels'] : undefined;
  return labelFaults(labels, `${path}.labels`);
}

function hasTemplate({ template }: JsonObject, path: string): Fault[] {
  return isObject(template) ? [] : [required(`${path}.template`)];
}

/** What is not there is told as far down as something has to be. */
function hasContainers({ template }: JsonObject, path: string): Fault[] {
  const spec = isObject(template) ? template['spec'] : undefined;
  return isObject(spec) ? [] : [required(`${path}.template.spec.containers`)];
}

function ends({ template }: JsonObject, path: string): Fault[] {
  const spec = isObject(template) ? template['spec'] : undefined;
  return isObject(spec) && isObject(template)
    ? templateEnds(template, path)
    : [required(`${path}.template.spec.restartPolicy`, endings)];
}

function hasJob({ jobTemplate }: JsonObject, path: string): Fault[] {
  if (isObject(jobTemplate) && isObject(jobTemplate['spec'])) return [];
  const at = `${path}.jobTemplate.spec`;
  return [...hasContainers({}, at), ...ends({}, at)];
}

/** A set that does not select its own pods would make more of them for ever. */
function selectorMatches({ selector, template }: JsonObject, path: string): Fault[] {
  const words = '`selector` does not match template `labels`';
  const labelsPath = `${path}.template.metadata.labels`;
  if (!isObject(template)) return [invalid(labelsPath, null, words)];
  if (!isObject(selector)) return [];
  if (entries(selector['matchExpressions']).length === 0 && !isObject(selector['matchLabels'])) {
    return [invalid(`${path}.selector`, selector, 'empty selector is invalid for deployment')];
  }
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  const labels = isObject(metadata['labels']) ? metadata['labels'] : {};
  if (matchesLabels(readLabelSelector(selector), labels as Record<string, string>)) return [];
  return [invalid(labelsPath, labels, words)];
}

/** What has to end: a policy that never lets it is as good as none. */
function templateEnds(template: JsonObject, path: string): Fault[] {
  const spec = isObject(template['spec']) ? template['spec'] : {};
  const policy = spec['restartPolicy'];
  if (policy === 'OnFailure' || policy === 'Never') return [];
  const at = `${path}.template.spec.restartPolicy`;
  return policy === 'Always' || policy === undefined
    ? [required(at, endings)]
    : [notSupported(at, policy, ['OnFailure', 'Never'])];
}

function templateRestarts(...policies: readonly string[]) {
  return ({ template }: JsonObject, path: string): Fault[] => {
    const spec = isObject(template) && isObject(template['spec']) ? template['spec'] : undefined;
    const policy = spec?.['restartPolicy'];
    if (policy === undefined || policies.includes(policy as string)) return [];
    return [notSupported(`${path}.template.spec.restartPolicy`, policy, policies)];
  };
}

function strategyMakesSense({ type, rollingUpdate }: JsonObject, path: string): Fault[] {
  if (!isObject(rollingUpdate)) return [];
  if (type === 'Recreate') {
    const words = "may not be specified when strategy `type` is 'Recreate'";
    return [forbiddenField(`${path}.rollingUpdate`, words)];
  }
  const { maxSurge, maxUnavailable } = rollingUpdate;
  if (!isNone(maxSurge) || !isNone(maxUnavailable)) return [];
  const words = 'may not be 0 when `maxSurge` is 0';
  return [invalid(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable ?? 0, words)];
}

function isNone(value: Json | undefined): boolean {
  return value === 0 || value === '0%';
}

const named = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/;

/** Five fields; what is in them the controller reads. */
function schedule(value: Json, path: string): Fault[] {
  if (typeof value !== 'string' || named.test(value)) return [];
  if (/^(TZ|CRON_TZ)=/.test(value)) {
    return [
      invalid(path, value, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'),
    ];
  }
  const fields = value.trim().split(/\s+/);
  if (fields.length !== 5) {
    const words = `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
    return [invalid(path, value, words)];
  }
  const tooHigh = fields.map((field, index) => aboveMost(field, mostOf[index] ?? 0));
  const first = tooHigh.find((words) => words !== undefined);
  if (first !== undefined) return [invalid(path, value, first)];
  const right = fields.every((field) => /^[\d*/,A-Za-z?LW#-]+$/.test(field));
  return right ? [] : [invalid(path, value, `failed to parse: ${JSON.stringify(value)}`)];
}

/** The greatest minute, hour, day, month and weekday. */
const mostOf: readonly number[] = [59, 23, 31, 12, 6];

function aboveMost(field: string, most: number): string | undefined {
  for (const part of field.split(',')) {
    const [range = ''] = part.split('/');
    const end = range.split('-').at(-1) ?? '';
    if (/^\d{1,9}$/.test(end) && Number(end) > most) {
      return `end of range (${end}) above maximum (${most}): ${part}`;
    }
  }
  return undefined;
}

function timeZone(value: Json, path: string): Fault[] {
  if (typeof value !== 'string') return [];
  try {
    Intl.DateTimeFormat('en', { timeZone: value });
    return [];
  } catch {
    return [invalid(path, value, `unknown time zone ${value}`)];
  }
}
