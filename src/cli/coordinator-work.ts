import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { ApiClient } from '../api/client/client.ts';
import { EventRecorder } from '../api/client/event-recorder.ts';
import { FencedClient } from '../api/client/fenced-client.ts';
import { type Leadership, LeaderElection } from '../api/client/leader-election.ts';
import { SharedInformers } from '../api/client/shared-informers.ts';
import { CertificateController } from '../apiserver/security/certificate/certificate-controller.ts';
import type { ClusterSecurity } from '../apiserver/security/open-security.ts';
import type { ApiServer } from '../apiserver/server.ts';
import type { Restoring } from '../apiserver/restoring.ts';
import { aborted } from '../base/aborted.ts';
import { systemClock } from '../base/clock.ts';
import { messageOf } from '../base/error.ts';
import type { Logger } from '../base/log.ts';
import type { PodRange } from '../controller/node/pod-range.ts';
import { runControllers } from '../controller/run-controllers.ts';
import type { Explanations } from '../scheduler/explain/explanations.ts';
import { runScheduler } from '../scheduler/run-scheduler.ts';

export interface CoordinatorWork {
  readonly server: ApiServer;
  readonly security: ClusterSecurity;
  /** `adaptive`, `all`, or a percentage. */
  readonly nodesToScore: string;
  readonly podRanges: readonly PodRange[];
  /** Whether the nodes serve Ingresses, and Services of type LoadBalancer. */
  readonly servesIngress: boolean;
  readonly balances: boolean;
  /** The scheduler's last decisions. */
  readonly explanations: Explanations;
  /** While the state is being replaced, all rest. */
  readonly restoring: Pick<Restoring, 'begun' | 'over'>;
  /** How long a leader that says nothing stays one; undefined where there is no other. */
  readonly leaseMs: number | undefined;
  readonly log: Logger;
}

/** The Lease by which coordinators elect the one that schedules and controls. */
export const leaderLease = { namespace: 'kube-system', name: 'keelson-coordinator' } as const;

const restartMs = 1000;

/** In words, what the scheduler has as numbers. */
const percentages = new Map([
  ['adaptive', 0],
  ['all', 100],
]);

/**
 * Schedules, and runs the controllers, until the signal is aborted: at once, or whenever this
 * coordinator is the leader of those that share a store. Never rejects.
 */
export async function workAsCoordinator(work: CoordinatorWork, signal: AbortSignal): Promise<void> {
  const { server, leaseMs, log } = work;
  if (leaseMs === undefined) {
    return await keepWorking(work, { signal, isHeld: () => true });
  }
  const identity = `${hostname()}_${randomUUID()}`;
  const election = new LeaderElection({
    client: server.client('leader-election'),
    clock: systemClock,
    lease: leaderLease,
    identity,
    durationMs: leaseMs,
    elected: (leader) => log.info({ leader, own: leader === identity }, 'leader elected'),
    failed: (why) => log.warn(`leader election: ${why}`),
  });
  await election.run(signal, (leadership) => keepWorking(work, leadership));
}

async function keepWorking(work: CoordinatorWork, leadership: Leadership): Promise<void> {
  const { signal } = leadership;
  while (!signal.aborted) {
    try {
      await work.restoring.over(signal);
      await workOnce(work, leadership);
    } catch (error) {
      if (signal.aborted) return;
      work.log.error({ err: error }, `scheduler and controllers: ${messageOf(error)}`);
    }
    await Promise.race([aborted(signal), delay(restartMs)]);
  }
}

/** All read the same caches, so they begin and end together. */
async function workOnce(work: CoordinatorWork, leadership: Leadership): Promise<void> {
  const { server, security, podRanges, servesIngress, balances, log } = work;
  const ending = new AbortController();
  const signal = AbortSignal.any([leadership.signal, ending.signal]);
  const clientOf = (name: string): ApiClient =>
    new FencedClient(server.client(name), () => leadership.isHeld());
  const onError = (what: string, error: unknown) => log.warn(`${what}: ${messageOf(error)}`);
  const controllers = clientOf('kube-controller-manager');
  const informers = new SharedInformers({ client: controllers, clock: systemClock, onError });
  const { authority, gate } = security;
  const certificates = new CertificateController({ authority, gate, log });
  const rootCertificate = () => authority.certificate;
  const parts = [
    // Before the controllers, which set the caches going: it wants whole objects of some kinds.
    schedule(work, { client: clientOf('kube-scheduler'), informers, signal, onError }),
    runControllers(controllers, {
      signal,
      rootCertificate,
      podRanges,
      servesIngress,
      balances,
      informers,
      onError,
    }),
    certificates.run(clientOf('certificate-controller'), signal),
  ];
  try {
    await Promise.race([aborted(signal), work.restoring.begun(signal), ...parts]);
  } finally {
    ending.abort();
    await Promise.allSettled(parts);
  }
}

interface Scheduling {
  readonly client: ApiClient;
  readonly informers: SharedInformers;
  readonly signal: AbortSignal;
  readonly onError: (what: string, error: unknown) => void;
}

function schedule(
  { nodesToScore, explanations }: CoordinatorWork,
  { client, informers, signal, onError }: Scheduling,
): Promise<void> {
  const told = (error: unknown) => onError('events', error);
  const events = new EventRecorder({ client, clock: systemClock, onError: told });
  const percentageOfNodesToScore = percentages.get(nodesToScore) ?? Number(nodesToScore);
  const options = { signal, events, explanations, percentageOfNodesToScore, informers, onError };
  return runScheduler(client, options);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
