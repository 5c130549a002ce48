import type { Kubelets } from './kubelet/kubelets.ts';
import type { Registry } from './registry.ts';
import type { Gate } from './security/gate.ts';
import type { User } from './security/user.ts';
import type { HealthCheck } from './serve-components.ts';
import type { ServiceAddresses } from './service-addresses.ts';

/** What every verb works with. */
export interface Api {
  readonly registry: Registry;
  readonly services: ServiceAddresses;
  readonly gate: Gate;
  readonly kubelets: Kubelets;
  /** The control plane's other parts, by the names of old: `scheduler`, `controller-manager`. */
  readonly components: Map<string, HealthCheck>;
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
