import type { Registry } from './registry.ts';
import type { Gate } from './security/gate.ts';
import type { User } from './security/user.ts';
import type { ServiceAddresses } from './service-addresses.ts';

/** What every verb works with. */
export interface Api {
  readonly registry: Registry;
  readonly services: ServiceAddresses;
  readonly gate: Gate;
  now(): Date;
}

/** Who asks, and how a write is meant. */
export interface WriteOptions {
  /** Everything is checked and answered, nothing is kept. */
  readonly dryRun: boolean;
  readonly user: User;
  readonly fieldManager: string;
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  /** For the answer's `Warning` headers. */
  warn(text: string): void;
}
