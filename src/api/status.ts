import type { JsonObject } from './json.ts';
import { type Kind, resourceOf } from './kind.ts';

export type Reason =
  | 'AlreadyExists'
  | 'BadRequest'
  | 'Conflict'
  | 'Expired'
  | 'Forbidden'
  | 'InternalError'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'NotFound'
  | 'RequestEntityTooLarge'
  | 'ServerTimeout'
  | 'ServiceUnavailable'
  | 'Timeout'
  | 'TooManyRequests'
  | 'Unauthorized'
  | 'UnsupportedMediaType';

const codes: Readonly<Record<Reason, number>> = {
  AlreadyExists: 409,
  BadRequest: 400,
  Conflict: 409,
  Expired: 410,
  Forbidden: 403,
  InternalError: 500,
  Invalid: 422,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  NotFound: 404,
  RequestEntityTooLarge: 413,
  ServerTimeout: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  TooManyRequests: 429,
  Unauthorized: 401,
  UnsupportedMediaType: 415,
};

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/** What a refusal is about. */
export interface Details {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

/** A refusal as clients get it: a Status with the words that Kubernetes has for it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly reason: Reason;
  readonly details: Details;

  constructor(reason: Reason, message: string, details: Details = {}) {
    super(message);
    this.reason = reason;
    this.details = details;
  }

  get code(): number {
    return codes[this.reason];
  }

  /** The object in the answer's body. */
  toStatus(): JsonObject {
    const { message, reason, code } = this;
    const { name, ...rest } = this.details as JsonObject;
    const details = name === undefined || name === '' ? rest : { name, ...rest };
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(Object.keys(details).length > 0 && { details }),
      code,
    };
  }
}

/** The refusal in an answer that is a Status; `code` is the answer's where it says no reason. */
export function refusalOf(status: JsonObject, code: number): ApiError {
  const { reason, message, details } = status;
  const known = Object.keys(codes).find((word) => word === reason);
  const byCode = Object.entries(codes).find(([, number]) => number === code)?.[0];
  const text = typeof message === 'string' ? message : `the server answered with ${code}`;
  const about = typeof details === 'object' && details !== null ? (details as Details) : {};
  return new ApiError((known ?? byCode ?? 'InternalError') as Reason, text, about);
}

type Named = Pick<Kind, 'group' | 'plural'>;

function about({ group, plural }: Named, name: string): Details {
  return { name, ...(group !== '' && { group }), kind: plural };
}

export function notFound(kind: Named, name: string): ApiError {
  return new ApiError('NotFound', `${resourceOf(kind)} "${name}" not found`, about(kind, name));
}

export function alreadyExists(kind: Named, name: string): ApiError {
  const message = `${resourceOf(kind)} "${name}" already exists`;
  return new ApiError('AlreadyExists', message, about(kind, name));
}

export function conflict(kind: Named, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${resourceOf(kind)} "${name}": ${why}`;
  return new ApiError('Conflict', message, about(kind, name));
}

/** What clients retry: somebody else was faster. */
export function modified(kind: Named, name: string): ApiError {
  const why =
    'the object has been modified; please apply your changes to the latest version and try again';
  return conflict(kind, name, why);
}

export function forbidden(kind: Named, name: string, why: string): ApiError {
  const object = name === '' ? resourceOf(kind) : `${resourceOf(kind)} "${name}"`;
  return new ApiError('Forbidden', `${object} is forbidden: ${why}`, about(kind, name));
}

export function badRequest(message: string): ApiError {
  return new ApiError('BadRequest', message);
}

/** The revision asked for is no longer kept; the client lists again. */
export function expired(message: string): ApiError {
  return new ApiError('Expired', message);
}
