import { status, type ServiceError } from '@grpc/grpc-js';
import { DomainError, messageOf } from '../../base/error.ts';
import { unknownOutcome } from '../error.ts';

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error;
}

/** A read failed: nothing is lost, the words say whom to ask. */
export function readFailure(error: unknown, where: string): DomainError {
  if (error instanceof DomainError) return error;
  return new DomainError('unavailable', `etcd at ${where}: ${wordsOf(error)}`);
}

/**
 * A write failed. Only what etcd refused, or what was never sent, has surely not happened; a broken
 * connection or a late answer says nothing.
 */
export function writeFailure(error: unknown, where: string, key: string): DomainError {
  return isRefused(error)
    ? readFailure(error, where)
    : unknownOutcome(key, readFailure(error, where));
}

export function isCompacted(error: unknown): boolean {
  return isServiceError(error) && /required revision has been compacted/.test(error.details);
}

export function isLeaseGone(error: unknown): boolean {
  return isServiceError(error) && /requested lease not found/.test(error.details);
}

/** gRPC refuses to receive more than it was told to. */
export function isTooLarge(error: unknown): boolean {
  return isServiceError(error) && error.details.startsWith('Received message larger than max');
}

/** Another member may do better. */
export function isUnreachable(error: unknown): boolean {
  return isServiceError(error) && error.code === status.UNAVAILABLE;
}

export function wasNeverSent(error: unknown): boolean {
  return isServiceError(error) && error.details.startsWith('No connection established');
}

function isRefused(error: unknown): boolean {
  if (!isServiceError(error)) return error instanceof DomainError;
  const refusals = [
    status.INVALID_ARGUMENT,
    status.NOT_FOUND,
    status.OUT_OF_RANGE,
    status.PERMISSION_DENIED,
    status.UNAUTHENTICATED,
    status.RESOURCE_EXHAUSTED,
    status.UNIMPLEMENTED,
  ];
  return refusals.includes(error.code) || wasNeverSent(error);
}

function wordsOf(error: unknown): string {
  if (!isServiceError(error)) return messageOf(error);
  if (/database space exceeded/.test(error.details)) {
    return 'its database is full: compact, defragment and disarm the alarm (etcdctl alarm disarm)';
  }
  if (error.code === status.DEADLINE_EXCEEDED) return 'no answer in time';
  const [words = ''] = error.details.split('\n', 1);
  const reason = /Last error: (?:Error: )?(.*?)(?: \(\d{4}-|\. Resolution note|$)/.exec(words)?.[1];
  return reason === undefined ? words : `cannot be reached: ${reason}`;
}
