import { type Draft, isObject } from '../json.ts';
import { type DefaultTable, each, fill, fillEmpty, within } from './rule.ts';

const largestInt32 = 2 ** 31 - 1;

export const batchDefaults: DefaultTable = {
  'batch.v1.Job': [fill({ spec: {}, status: {} }), fillJob],
  'batch.v1.PodFailurePolicyRule': [matchTrueConditions],
  'batch.v1.JobTemplateSpec': [fill({ metadata: {} })],
  'batch.v1.CronJob': [fill({ spec: {}, status: {} })],
  'batch.v1.CronJobSpec': [
    fillEmpty({ concurrencyPolicy: 'Allow' }),
    fill({ suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 }),
  ],
};

/** What a cron job makes jobs of is filled when they are made. */
function fillJob(job: Draft): void {
  const spec = within(job, 'spec');
  countRuns(spec);
  fill({ suspend: false })(spec);
  fillPolicies(spec);
}

/** One run; with a number of workers alone, as many until one succeeds. */
function countRuns(spec: Draft): void {
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) {
    spec['completions'] = 1;
  }
  spec['parallelism'] ??= 1;
}

function fillPolicies(spec: Draft): void {
  const perIndex = spec['backoffLimitPerIndex'] !== undefined;
  spec['backoffLimit'] ??= perIndex ? largestInt32 : 6;
  spec['completionMode'] ??= 'NonIndexed';
  spec['podReplacementPolicy'] ??= isObject(spec['podFailurePolicy'])
    ? 'Failed'
    : 'TerminatingOrFailed';
}

function matchTrueConditions(rule: Draft): void {
  for (const pattern of each(rule, 'onPodConditions')) fillEmpty({ status: 'True' })(pattern);
}
