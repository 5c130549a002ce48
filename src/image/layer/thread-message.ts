import { DomainError, isDomainError, isKernelError, KernelError } from '../../base/error.ts';
import { messageOf, type DomainErrorKind, type KernelFailure } from '../../base/error.ts';
import type { UnpackResult } from './layer.ts';
import type { UnpackTask } from './unpack-layer.ts';

export interface ToThread {
  readonly task: UnpackTask;
  readonly memory: SharedArrayBuffer;
}

export type FromThread =
  | { readonly kind: 'room' }
  | { readonly kind: 'done'; readonly result: UnpackResult }
  | { readonly kind: 'failed'; readonly error: PlainError };

/** An error as a message between threads can carry it: classes do not survive the copy. */
export type PlainError =
  | { readonly failure: KernelFailure }
  | { readonly kind: DomainErrorKind; readonly message: string }
  | { readonly message: string };

export function toPlain(error: unknown): PlainError {
  if (isKernelError(error)) {
    const { call, errno, code, path } = error;
    return { failure: { call, errno, code, ...(path === undefined ? {} : { path }) } };
  }
  // The causes' words go into the message, as the causes themselves stay behind.
  if (isDomainError(error)) return { kind: error.kind, message: messageOf(error) };
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

export function fromPlain(plain: PlainError): Error {
  if ('failure' in plain) return new KernelError(plain.failure);
  if ('kind' in plain) return new DomainError(plain.kind, plain.message);
  return new Error(plain.message);
}
