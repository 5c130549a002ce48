import type { Store } from '../store/store.ts';
import { Quotas } from './admission/quotas.ts';
import { CustomKinds } from './custom/custom-kinds.ts';
import { Definitions } from './custom/definitions.ts';
import { Broadcasts } from './broadcast.ts';
import { type KubeletOptions, Kubelets } from './kubelet/kubelets.ts';
import { NodeMeters } from './metrics/node-meters.ts';
import { Pace } from './pace.ts';
import { Registry } from './registry.ts';
import { type Gate, openGate } from './security/gate.ts';
import type { User } from './security/user.ts';
import type { HealthCheck } from './health.ts';
import { ServiceAddresses } from './service-addresses.ts';
import { ServiceRanges } from './service-ranges.ts';
import { OwnTurns, type Turns } from './turns.ts';
import { WatchChunks } from './watch-chunks.ts';

/** What every verb works with. */
export interface Api {
  readonly registry: Registry;
  readonly services: ServiceAddresses;
  readonly quotas: Quotas;
  /** Kinds that definitions have made. */
  readonly customs: CustomKinds;
  readonly definitions: Definitions;
  readonly gate: Gate;
  readonly kubelets: Kubelets;
  readonly meters: NodeMeters;
  readonly pace: Pace;
  readonly turns: Turns;
  readonly watchChunks: WatchChunks;
  readonly broadcasts: Broadcasts;
  /** The control plane's other parts, by the names of old: `scheduler`, `controller-manager`. */
  readonly components: Map<string, HealthCheck>;
  now(): Date;
}

export interface ApiOptions {
  readonly store: Store;
  /** Lets everybody do everything unless given. */
  readonly gate?: Gate | undefined;
  readonly kubelets?: KubeletOptions | undefined;
  readonly now?: () => Date;
  /** Where services' addresses are from. */
  readonly serviceRanges?: ServiceRanges | undefined;
  /** Those of the store's other users; absent where this process alone has it. */
  readonly turns?: Turns | undefined;
}

export function createApi({ store, gate, kubelets, now, ...others }: ApiOptions): Api {
  const registry = new Registry(store);
  const watchChunks = new WatchChunks();
  const turns = others.turns ?? new OwnTurns();
  const reached = new Kubelets(kubelets);
  const customs = new CustomKinds();
  const api: Api = {
    registry,
    turns,
    customs,
    definitions: new Definitions({ registry, turns, customs, now: () => api.now() }),
    quotas: new Quotas(registry, turns, customs),
    services: new ServiceAddresses(store, turns, others.serviceRanges ?? new ServiceRanges()),
    kubelets: reached,
    meters: new NodeMeters(reached),
    pace: new Pace(),
    watchChunks,
    broadcasts: new Broadcasts(store, watchChunks),
    components: new Map(),
    gate: gate ?? openGate,
    now: now ?? (() => new Date()),
  };
  return api;
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
