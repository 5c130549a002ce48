import {
  DomainError,
  type DomainErrorKind,
  isDomainError,
  isKernelError,
  messageOf,
} from '../base/error.ts';

/** gRPC's status codes: https://grpc.io/docs/guides/status-codes/ */
export const statusCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

const codeOfKind: Record<DomainErrorKind, number> = {
  notFound: statusCode.notFound,
  exists: statusCode.alreadyExists,
  conflict: statusCode.failedPrecondition,
  invalid: statusCode.invalidArgument,
  denied: statusCode.permissionDenied,
  unavailable: statusCode.unavailable,
  exhausted: statusCode.resourceExhausted,
  timeout: statusCode.deadlineExceeded,
  unsupported: statusCode.unimplemented,
};

const codeOfErrno: Record<string, number> = {
  EACCES: statusCode.permissionDenied,
  EPERM: statusCode.permissionDenied,
  ENOSPC: statusCode.resourceExhausted,
  EDQUOT: statusCode.resourceExhausted,
  EMFILE: statusCode.resourceExhausted,
  ENFILE: statusCode.resourceExhausted,
  ENOMEM: statusCode.resourceExhausted,
};

export interface GrpcStatus {
  readonly code: number;
  readonly details: string;
}

/** Answers with a code and words of its own, for clients that look for just these. */
export class StatusError extends Error {
  readonly code: number;

  constructor({ code, details }: GrpcStatus) {
    super(details);
    this.code = code;
  }
}

/** What a caller is told of a failure. */
export function statusOf(error: unknown): GrpcStatus {
  const details = messageOf(error);
  if (error instanceof StatusError) return { code: error.code, details };
  if (isDomainError(error)) return { code: codeOfKind[error.kind], details };
  if (isKernelError(error)) return { code: codeOfErrno[error.code] ?? statusCode.unknown, details };
  if (error instanceof Error && error.name === 'AbortError') {
    return { code: statusCode.cancelled, details: 'The caller went away' };
  }
  return { code: statusCode.internal, details };
}

/** The error that a client throws for a status; the inverse of {@link statusOf} for our own. */
export function errorOf({ code, details }: GrpcStatus): Error {
  for (const [kind, known] of Object.entries(codeOfKind)) {
    if (known === code) return new DomainError(kind as DomainErrorKind, details);
  }
  return new Error(details === '' ? `The runtime answered with gRPC status ${code}` : details);
}
