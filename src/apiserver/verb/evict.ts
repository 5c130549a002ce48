import { copyOf, isList, isObject, type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { findKind } from '../../api/kinds.ts';
import {
  type Labels,
  matchesLabels,
  readLabelSelector,
} from '../../api/selector/label-selector.ts';
import { ApiError, forbidden } from '../../api/status.ts';
import { writeTime } from '../../api/time.ts';
import type { Api } from '../api.ts';
import { isDeleting } from '../metadata.ts';
import { metadataOf } from '../object-text.ts';
import { type Place, placeOf } from '../registry.ts';
import { deleteObject, type Deletion } from './delete.ts';

/** Evictions that the budget's controller has not seen yet; more are not taken. */
const mostUnseen = 2000;
const notNow = "Cannot evict pod as it would violate the pod's disruption budget.";

/**
 * Deletes a pod if its disruption budget allows it, which it is charged to. Throws
 * `TooManyRequests` where it does not: the client tries again later.
 */
export async function evictPod(api: Api, place: Place, deletion: Deletion): Promise<void> {
  const pod = await api.registry.get(place);
  if (!isExempt(pod)) {
    const budgets = await budgetsOf(api, place, pod);
    if (budgets.length > 1) {
      throw new ApiError(
        'InternalError',
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not ' +
          'support.',
      );
    }
    const [budget] = budgets;
    if (budget !== undefined && !isFree(pod, budget)) await charge(api, { pod, budget, deletion });
  }
  await deleteObject(api, place, deletion);
}

/** No budget counts on what does not run yet, has ended or is ending. */
function isExempt(pod: JsonObject): boolean {
  const phase = textOf(objectIn(pod, 'status')['phase']);
  return isDeleting(pod) || ['Succeeded', 'Failed', 'Pending'].includes(phase);
}

async function budgetsOf(api: Api, place: Place, pod: JsonObject): Promise<JsonObject[]> {
  const kind = findKind('policy/v1', 'PodDisruptionBudget');
  if (kind === undefined) return [];
  const budgets = await api.registry.all(kind, place.namespace);
  const labels = objectIn(metadataOf(pod), 'labels') as Labels;
  return budgets.filter((budget) => {
    const { selector } = objectIn(budget, 'spec');
    return isObject(selector) && matchesLabels(readLabelSelector(selector), labels);
  });
}

/** A pod that is not ready need not be charged, as the budget has it. */
function isFree(pod: JsonObject, budget: JsonObject): boolean {
  if (hasCondition(pod, 'Ready')) return false;
  if (objectIn(budget, 'spec')['unhealthyPodEvictionPolicy'] === 'AlwaysAllow') return true;
  const status = objectIn(budget, 'status');
  const desired = numberIn(status, 'desiredHealthy');
  return desired > 0 && numberIn(status, 'currentHealthy') >= desired;
}

function hasCondition(object: JsonObject, type: string): boolean {
  const { conditions } = objectIn(object, 'status');
  return (
    isList(conditions) &&
    conditions.some(
      (entry) => isObject(entry) && entry['type'] === type && entry['status'] === 'True',
    )
  );
}

interface Charge {
  readonly pod: JsonObject;
  readonly budget: JsonObject;
  readonly deletion: Deletion;
}

async function charge(api: Api, { pod, budget, deletion }: Charge): Promise<void> {
  const kind = findKind('policy/v1', 'PodDisruptionBudget');
  if (kind === undefined) return;
  const place = placeOf(kind, budget);
  const name = textOf(metadataOf(pod)['name']);
  const seconds = Math.floor(api.now().getTime() / 1000);
  const take = async (old: JsonObject) => {
    checkAllowance(place, old);
    return charged(old, name, seconds);
  };
  if (deletion.dryRun) await take(await api.registry.get(place));
  else await api.registry.update(place, take);
}

function checkAllowance({ kind, name }: Place, budget: JsonObject): void {
  const status = objectIn(budget, 'status');
  const generation = numberIn(metadataOf(budget), 'generation');
  if (numberIn(status, 'observedGeneration') < generation) {
    const words = `The disruption budget ${name} is still being processed by the server.`;
    throw tooMany(words, 10);
  }
  const allowed = numberIn(status, 'disruptionsAllowed');
  if (allowed < 0) throw forbidden(kind, name, 'pdb disruptions allowed is negative');
  if (Object.keys(objectIn(status, 'disruptedPods')).length > mostUnseen) {
    const why = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw forbidden(kind, name, why);
  }
  if (allowed > 0) return;
  const needed = numberIn(status, 'desiredHealthy');
  const present = numberIn(status, 'currentHealthy');
  throw tooMany(
    `The disruption budget ${name} needs ${needed} healthy pods and has ${present} currently`,
    0,
  );
}

function tooMany(message: string, retryAfterSeconds: number): ApiError {
  const causes = [{ reason: 'DisruptionBudget', message }];
  const details = { causes, ...(retryAfterSeconds > 0 && { retryAfterSeconds }) };
  return new ApiError('TooManyRequests', notNow, details);
}

function charged(old: JsonObject, pod: string, seconds: number): JsonObject {
  const budget = copyOf(old);
  const status = objectIn(budget, 'status');
  const disruptionsAllowed = numberIn(status, 'disruptionsAllowed') - 1;
  const disruptedPods = { ...objectIn(status, 'disruptedPods'), [pod]: writeTime(seconds) };
  budget['status'] = {
    ...status,
    disruptionsAllowed,
    disruptedPods,
    ...(disruptionsAllowed === 0 && { conditions: exhausted(budget, seconds) }),
  };
  return budget;
}

function exhausted(budget: JsonObject, seconds: number): JsonObject['conditions'] {
  const { conditions, observedGeneration } = objectIn(budget, 'status');
  const list = isList(conditions) ? conditions : [];
  const others = list.filter((entry) => !isObject(entry) || entry['type'] !== 'DisruptionAllowed');
  const condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'InsufficientPods',
    message: '',
    lastTransitionTime: writeTime(seconds),
    ...(observedGeneration !== undefined && { observedGeneration }),
  };
  return [...others, condition];
}

function numberIn(object: JsonObject, field: string): number {
  const value = object[field];
  return typeof value === 'number' ? value : 0;
}
