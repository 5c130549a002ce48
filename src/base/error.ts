/** What a system call reported: the addon makes these and fills every field. */
export interface KernelFailure {
  readonly call: string;
  readonly errno: number;
  readonly code: string;
  readonly path?: string;
  /** The kernel's own words, where it gives some (netlink extended acks, fsopen logs). */
  readonly text?: string;
}

/** A system call failed. `call`, `code` and `path` are for programs, `message` is for people. */
export class KernelError extends Error implements KernelFailure {
  override readonly name = 'KernelError';
  readonly call: string;
  readonly errno: number;
  readonly code: string;
  readonly path?: string;
  readonly text?: string;

  constructor(failure: KernelFailure) {
    super(describe(failure));
    this.call = failure.call;
    this.errno = failure.errno;
    this.code = failure.code;
    if (failure.path !== undefined) this.path = failure.path;
    if (failure.text !== undefined) this.text = failure.text;
  }
}

function describe({ call, code, path, text }: KernelFailure): string {
  const object = path === undefined ? '' : ` ${path}`;
  const words = text === undefined ? '' : ` (${text})`;
  return `${call}${object}: ${code}${words}${advice(code, call)}`;
}

/** What a person can do about it; only where the errno alone misleads. */
function advice(code: string, call: string): string {
  if (code === 'EPERM') return '; root or the matching capability is needed';
  if (code === 'ENOSYS') return `; this kernel has no ${call}, see keelson doctor`;
  return '';
}

export type DomainErrorKind =
  | 'notFound'
  | 'exists'
  | 'conflict'
  | 'invalid'
  | 'denied'
  | 'unavailable'
  | 'exhausted'
  | 'timeout'
  | 'unsupported';

/** Something asked for cannot be: the kind decides the gRPC, HTTP, CNI and exit code. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly kind: DomainErrorKind;

  constructor(kind: DomainErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

export function isKernelError(error: unknown, ...codes: string[]): error is KernelError {
  return error instanceof KernelError && (codes.length === 0 || codes.includes(error.code));
}

export function isDomainError(error: unknown, kind?: DomainErrorKind): error is DomainError {
  return error instanceof DomainError && (kind === undefined || error.kind === kind);
}

/** True for errors of node:fs and of the addon alike. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    codes.includes(error.code)
  );
}

/** One line for a log or a message: the error's own words and those of its causes. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const cause = messageOf(error.cause);
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}
