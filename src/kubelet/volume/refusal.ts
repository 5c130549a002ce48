import { DomainError, isDomainError, messageOf } from '../../base/error.ts';
import type { VolumePlan } from './volume-plan.ts';

/** What went wrong with a volume, in the words of the event FailedMount. */
export function failedMount({ kind, name }: VolumePlan, error: unknown): DomainError {
  const why = messageOf(error);
  const isFound =
    kind === 'claim' && isDomainError(error) && why.startsWith('error processing PVC');
  return new DomainError(
    isDomainError(error) ? error.kind : 'unavailable',
    isFound
      ? failedProcessing(name, why)
      : `MountVolume.SetUp failed for volume "${name}" : ${why}`,
    { cause: error },
  );
}

/** A volume of which nobody knows yet what it is. */
export function failedProcessing(name: string, why: string): string {
  const lists = `unmounted volumes=[${name}], unattached volumes=[]`;
  return `Unable to attach or mount volumes: ${lists}, failed to process volumes=[${name}]: ` + why;
}

/** Throws what failed first; the others are tried and told next time. */
export function firstFailure(done: readonly PromiseSettledResult<unknown>[]): void {
  const failure = done.find((one) => one.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
