import type { Draft } from '../json.ts';
import { type DefaultTable, each, fill, fillEmpty, within } from './rule.ts';

export const appsDefaults: DefaultTable = {
  'apps.v1.Deployment': [fill({ spec: {}, status: {} })],
  'apps.v1.DeploymentSpec': [
    fill({
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: {},
    }),
  ],
  'apps.v1.DeploymentStrategy': [fillEmpty({ type: 'RollingUpdate' }), rollDeployment],
  'apps.v1.ReplicaSet': [fill({ spec: {}, status: { replicas: 0 } })],
  'apps.v1.ReplicaSetSpec': [fill({ replicas: 1 })],
  'apps.v1.DaemonSet': [fill({ spec: {}, status: {} })],
  'apps.v1.DaemonSetStatus': [
    fill({
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    }),
  ],
  'apps.v1.DaemonSetSpec': [fill({ revisionHistoryLimit: 10, updateStrategy: {} })],
  'apps.v1.DaemonSetUpdateStrategy': [fillEmpty({ type: 'RollingUpdate' }), rollDaemonSet],
  'apps.v1.StatefulSet': [fill({ spec: {}, status: { replicas: 0 } })],
  'apps.v1.StatefulSetStatus': [fill({ availableReplicas: 0 })],
  'apps.v1.StatefulSetSpec': [
    fillEmpty({ podManagementPolicy: 'OrderedReady' }),
    fill({
      replicas: 1,
      revisionHistoryLimit: 10,
      updateStrategy: {},
      persistentVolumeClaimRetentionPolicy: {},
    }),
    nameClaims,
  ],
  'apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy': [
    fillEmpty({ whenDeleted: 'Retain', whenScaled: 'Retain' }),
  ],
  'apps.v1.StatefulSetUpdateStrategy': [fillEmpty({ type: 'RollingUpdate' }), rollStatefulSet],
};

function rollDeployment(strategy: Draft): void {
  if (strategy['type'] !== 'RollingUpdate') return;
  fill({ maxUnavailable: '25%', maxSurge: '25%' })(within(strategy, 'rollingUpdate'));
}

function rollDaemonSet(strategy: Draft): void {
  if (strategy['type'] !== 'RollingUpdate') return;
  fill({ maxUnavailable: 1, maxSurge: 0 })(within(strategy, 'rollingUpdate'));
}

function rollStatefulSet(strategy: Draft): void {
  if (strategy['type'] !== 'RollingUpdate') return;
  fill({ partition: 0 })(within(strategy, 'rollingUpdate'));
}

/** A claim in a set is an object of its own. */
function nameClaims(spec: Draft): void {
  const header = fillEmpty({ kind: 'PersistentVolumeClaim', apiVersion: 'v1' });
  for (const claim of each(spec, 'volumeClaimTemplates')) header(claim);
}
