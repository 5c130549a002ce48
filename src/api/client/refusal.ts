import { ApiError } from '../status.ts';

/** The server has refused for one of these reasons. */
export function isRefused(error: unknown, ...reasons: ApiError['reason'][]): error is ApiError {
  return error instanceof ApiError && reasons.includes(error.reason);
}

/** Nobody knows whether the server has done it. */
export function isUncertain(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  return ['Timeout', 'ServerTimeout', 'InternalError', 'ServiceUnavailable'].includes(error.reason);
}
