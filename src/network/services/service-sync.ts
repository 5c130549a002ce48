import type { Logger } from '../../base/log.ts';
import type { Connection } from '../../netlink/index.ts';
import { nameOfKey } from '../../api/client/client.ts';
import type { ClusterObjects } from '../cluster-objects.ts';
import type { HealthCheck } from './health-checks.ts';
import type { NodeView } from './node-view.ts';
import { elementsOfNode, elementsOfService } from './plan-elements.ts';
import { planService, type ServicePlan } from './plan-service.ts';
import { ServiceTable } from './service-table.ts';
import { type Destinations, destinationsOf, forgetStaleFlows } from './stale-flows.ts';

/** No Service has this key. */
const nodeOwner = '';

/**
 * Keeps the kernel's table as the cluster's objects say. Events only mark Services; `sync` plans
 * those anew and commits what differs, in one transaction for however many there were.
 */
export class ServiceSync {
  readonly #objects: ClusterObjects;
  readonly #connection: Connection;
  readonly #table: ServiceTable;
  readonly #log: Logger;
  readonly #plans = new Map<string, ServicePlan>();
  readonly #dirty = new Set<string>();
  #node: NodeView | undefined;
  #datagrams: Destinations = new Map();
  #datagramsChanged = true;

  constructor(objects: ClusterObjects, connection: Connection, log: Logger) {
    this.#objects = objects;
    this.#connection = connection;
    this.#table = new ServiceTable(connection);
    this.#log = log;
  }

  /** The Service of that key, or its endpoints, changed. */
  mark(key: string): void {
    this.#dirty.add(key);
  }

  /** All is planned anew: the node is another. */
  setNode(node: NodeView): void {
    this.#node = node;
    this.#table.want(nodeOwner, elementsOfNode(node));
    for (const { metadata } of this.#objects.services.list()) {
      this.#dirty.add(`${metadata.namespace ?? ''}/${metadata.name}`);
    }
    for (const key of this.#plans.keys()) this.#dirty.add(key);
  }

  /** Plans what is marked and commits it. Throws what the kernel says; nothing is lost by it. */
  async sync(): Promise<void> {
    for (const key of this.#dirty) this.#plan(key);
    this.#dirty.clear();
    await this.#table.commit();
  }

  /** Compares the kernel's table with what it ought to be, and mends it. */
  async verify(): Promise<void> {
    const changes = await this.#table.adopt();
    if (changes.length === 0) return;
    const elements = changes.reduce((sum, { add, remove }) => sum + add.length + remove.length, 0);
    this.#log.warn({ elements }, 'The table of services had been changed by others and is mended');
  }

  /** Flows over UDP may have to be ended. */
  get hasStaleFlows(): boolean {
    return this.#datagramsChanged;
  }

  /** Ends flows over UDP that lead where their Service does not any more. */
  async endStaleFlows(): Promise<void> {
    if (!this.#datagramsChanged) return;
    const now = destinationsOf(this.#plans.values());
    const gone = [...this.#datagrams.keys()].filter((frontend) => !now.has(frontend));
    const all = new Map([...now, ...gone.map((frontend) => [frontend, nowhere] as const)]);
    const ended = await forgetStaleFlows(this.#connection, all);
    this.#datagrams = now;
    this.#datagramsChanged = false;
    if (ended > 0) this.#log.debug({ flows: ended }, 'Flows to former endpoints were ended');
  }

  healthChecks(): HealthCheck[] {
    return [...this.#plans].flatMap(([key, { healthCheck }]) =>
      healthCheck === undefined ? [] : [{ ...nameOfKey(key), ...healthCheck }],
    );
  }

  #plan(key: string): void {
    const { namespace, name } = nameOfKey(key);
    const service = this.#objects.services.get(namespace, name);
    const before = this.#plans.get(key);
    if (service === undefined || this.#node === undefined) {
      this.#plans.delete(key);
      this.#table.want(key, []);
    } else {
      const slices = this.#objects.endpointSlices.find('service', key);
      const plan = planService(service, slices, this.#node);
      this.#plans.set(key, plan);
      this.#table.want(key, elementsOfService(plan));
    }
    if (hasDatagrams(before) || hasDatagrams(this.#plans.get(key))) this.#datagramsChanged = true;
  }
}

const nowhere: ReadonlySet<string> = new Set();

function hasDatagrams(plan: ServicePlan | undefined): boolean {
  return plan?.ports.some(({ protocol }) => protocol === 'udp') === true;
}
