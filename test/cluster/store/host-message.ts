import type { DomainErrorKind } from '../../../src/base/error.ts';
import type { Change } from '../../../src/store/store.ts';

export type HostOptions = { readonly path: string } | { readonly endpoints: readonly string[] };

export interface HostRequest {
  readonly kind: 'create' | 'update' | 'delete' | 'get' | 'list' | 'current' | 'compact' | 'lead';
  /** The prefix of a list. */
  readonly key?: string;
  readonly value?: Uint8Array;
  readonly expected?: number;
  readonly revision?: number;
  readonly after?: string;
  readonly limit?: number;
}

export interface WatchRequest {
  readonly prefix: string;
  readonly after: number;
  /** How long the reader sleeps after each batch. */
  readonly delayMs: number;
}

export type HostCall =
  | (HostRequest & { readonly id: number })
  | (WatchRequest & { readonly kind: 'watch'; readonly watch: number });

export interface HostFailure {
  readonly kind: DomainErrorKind;
  readonly message: string;
}

export type HostNews =
  | { readonly kind: 'opened'; readonly revision: number }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: HostFailure }
  | { readonly kind: 'changes'; readonly watch: number; readonly changes: readonly Change[] }
  | { readonly kind: 'progress'; readonly watch: number; readonly revision: number }
  | { readonly kind: 'ended'; readonly watch: number; readonly failure: HostFailure };
