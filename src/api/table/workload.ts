import { type JsonObject, objectIn, textOf } from '../json.ts';
import {
  age,
  type Column,
  containerColumns,
  labelsText,
  nameColumn,
  number,
  objects,
  selectorText,
  sinceText,
  templateSpec,
  text,
  wholeOf,
  wide,
} from './column.ts';
import { formatDuration } from './duration.ts';

const spec = (object: JsonObject) => objectIn(object, 'spec');
const status = (object: JsonObject) => objectIn(object, 'status');
const counted = (name: string, field: string) =>
  number(name, (object) => wholeOf(status(object)[field]));
const desired = number('Desired', (object) => wholeOf(spec(object)['replicas']));
const selector = wide('Selector', (object) => selectorText(objectIn(spec(object), 'selector')));
const containers = containerColumns(templateSpec);

export const deploymentColumns: readonly Column[] = [
  nameColumn,
  text('Ready', ready),
  counted('Up-to-date', 'updatedReplicas'),
  counted('Available', 'availableReplicas'),
  age,
  ...containers,
  selector,
];

export const replicaSetColumns: readonly Column[] = [
  nameColumn,
  desired,
  counted('Current', 'replicas'),
  counted('Ready', 'readyReplicas'),
  age,
  ...containers,
  selector,
];

export const replicationControllerColumns: readonly Column[] = [
  ...replicaSetColumns.slice(0, -1),
  wide('Selector', (object) => labelsText(objectIn(spec(object), 'selector'))),
];

export const statefulSetColumns: readonly Column[] = [
  nameColumn,
  text('Ready', ready),
  age,
  ...containers,
];

export const daemonSetColumns: readonly Column[] = [
  nameColumn,
  counted('Desired', 'desiredNumberScheduled'),
  counted('Current', 'currentNumberScheduled'),
  counted('Ready', 'numberReady'),
  counted('Up-to-date', 'updatedNumberScheduled'),
  counted('Available', 'numberAvailable'),
  text('Node Selector', (set) => labelsText(objectIn(templateSpec(set), 'nodeSelector'))),
  age,
  ...containers,
  selector,
];

export const jobColumns: readonly Column[] = [
  nameColumn,
  text('Status', jobStatus),
  text('Completions', completions),
  text('Duration', (job, nowMs) => {
    const start = Date.parse(textOf(status(job)['startTime']));
    if (Number.isNaN(start)) return '';
    const end = Date.parse(textOf(status(job)['completionTime']));
    return formatDuration((Number.isNaN(end) ? nowMs : end) - start);
  }),
  age,
  ...containers,
  selector,
];

const jobTemplate = (cron: JsonObject) => objectIn(spec(cron), 'jobTemplate');

export const cronJobColumns: readonly Column[] = [
  nameColumn,
  text('Schedule', (cron) => textOf(spec(cron)['schedule'])),
  text('Timezone', (cron) => textOf(spec(cron)['timeZone']) || '<none>'),
  text('Suspend', (cron) => (spec(cron)['suspend'] === true ? 'True' : 'False')),
  number('Active', (cron) => objects(status(cron)['active']).length),
  text('Last Schedule', (cron, nowMs) => {
    const last = status(cron)['lastScheduleTime'];
    return last === undefined ? '<none>' : sinceText(last, nowMs);
  }),
  age,
  ...containerColumns((cron) => templateSpec(jobTemplate(cron))),
  wide('Selector', (cron) => selectorText(objectIn(spec(jobTemplate(cron)), 'selector'))),
];

export const controllerRevisionColumns: readonly Column[] = [
  nameColumn,
  text('Controller', (revision) => {
    const owners = objects(objectIn(revision, 'metadata')['ownerReferences']);
    const owner = owners.find(({ controller }) => controller === true);
    if (owner === undefined) return '<none>';
    const group = textOf(owner['apiVersion']).split('/').at(-2) ?? '';
    const kind = textOf(owner['kind']).toLowerCase();
    return `${kind}${group === '' ? '' : `.${group}`}/${textOf(owner['name'])}`;
  }),
  number('Revision', (revision) => wholeOf(revision['revision'])),
  age,
];

export const podTemplateColumns: readonly Column[] = [
  nameColumn,
  ...containerColumns((object) => objectIn(objectIn(object, 'template'), 'spec')).map((column) => ({
    ...column,
    priority: 0,
  })),
  text('Pod Labels', (object) =>
    labelsText(objectIn(objectIn(objectIn(object, 'template'), 'metadata'), 'labels')),
  ),
];

function ready(object: JsonObject): string {
  return `${wholeOf(status(object)['readyReplicas'])}/${wholeOf(spec(object)['replicas'])}`;
}

function jobStatus(job: JsonObject): string {
  const met = new Set(
    objects(status(job)['conditions'])
      .filter((condition) => condition['status'] === 'True')
      .map(({ type }) => textOf(type)),
  );
  if (met.has('Complete')) return 'Complete';
  if (met.has('Failed')) return 'Failed';
  if (objectIn(job, 'metadata')['deletionTimestamp'] !== undefined) return 'Terminating';
  if (met.has('Suspended')) return 'Suspended';
  if (met.has('FailureTarget')) return 'FailureTarget';
  return met.has('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function completions(job: JsonObject): string {
  const succeeded = wholeOf(status(job)['succeeded']);
  const wanted = spec(job)['completions'];
  if (typeof wanted === 'number') return `${succeeded}/${wanted}`;
  const parallelism = wholeOf(spec(job)['parallelism']);
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}
