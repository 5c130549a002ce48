import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { ApiClient, Stored } from '../../src/api/client/client.ts';
import type { ApiObject } from '../../src/api/client/resources.ts';
import { type Resource, resources } from '../../src/api/client/resources.ts';
import type { Pod } from '../../src/api/types/generated/core-v1.ts';
import { objectIn } from '../../src/api/json.ts';
import { writeMicroTime } from '../../src/api/time.ts';
import { createApi } from '../../src/apiserver/api.ts';
import { LocalClient } from '../../src/apiserver/local-client.ts';
import { decodeObject, encodeObject } from '../../src/apiserver/object-text.ts';
import { runControllers } from '../../src/controller/run-controllers.ts';
import { openLog } from '../../src/store/log.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { FakeClock } from './fake-clock.ts';
import { type Faults, FaultyClient, noFaults } from './faulty-client.ts';
import { FakeKubelet } from './fake-kubelet.ts';
import { MemoryDriver } from './memory-driver.ts';
import { Random } from './random.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly faults?: Faults;
  /** Nodes that are there from the start. */
  readonly nodes?: readonly string[];
}

export type AnyObject = Stored<ApiObject>;

/** What a change was, for whoever holds invariants against it. */
export interface Observed {
  readonly prefix: string;
  readonly now: AnyObject | undefined;
  readonly before: AnyObject | undefined;
}

const prefixes = Object.values(resources).map(({ kind }) => kind.prefix);
const start = Date.parse('2026-03-02T08:00:00Z');

/**
 * A cluster in one process: the real API server over a database in memory, the controllers over a
 * bad network, a kubelet and a scheduler in a few lines. All of it follows from the seed.
 */
export class World {
  readonly clock = new FakeClock(start);
  readonly random: Random;
  readonly kubelet: FakeKubelet;
  readonly client: ApiClient;
  readonly problems: string[] = [];
  readonly observers: ((observed: Observed) => void)[] = [];
  faults: Faults;
  crashes = 0;
  /** What the store holds, by the prefix of its resource; nobody may change it. */
  readonly #objects = new Map<string, Map<string, AnyObject>>();
  readonly #ending = new AbortController();
  readonly #store: Store;
  readonly #api;
  #incarnation: AbortController | undefined;

  private constructor(store: Store, { seed, faults = noFaults }: WorldOptions) {
    this.random = new Random(seed);
    this.faults = faults;
    this.#store = store;
    this.#api = createApi({ store, now: () => new Date(this.clock.now()) });
    this.client = new LocalClient(this.#api, 'user');
    this.kubelet = new FakeKubelet(this);
  }

  static async make(options: WorldOptions): Promise<World> {
    seedIdentifiers(options.seed);
    const spectators: ((change: Change) => void)[] = [];
    const tell = (change: Change) => spectators.forEach((spectator) => spectator(change));
    const store = await openLog(async (sink) => new MemoryDriver(sink, tell));
    const world = new World(store, options);
    spectators.push((change) => world.observe(change));
    for (const name of ['default', 'kube-system', 'kube-node-lease']) {
      await world.client.create(resources.namespaces, { metadata: { name }, spec: {} });
    }
    for (const name of options.nodes ?? world.kubelet.nodes) await world.kubelet.register(name);
    world.start();
    return world;
  }

  /** A new process with the controllers, and nothing from the one before. */
  start(): void {
    const incarnation = new AbortController();
    this.#incarnation = incarnation;
    const isAlive = () => this.#incarnation === incarnation && !this.#ending.signal.aborted;
    const clock = this.clock.ofProcess(isAlive);
    const client = new FaultyClient(new LocalClient(this.#api, 'kube-controller-manager'), {
      clock,
      random: this.random,
      faults: () => this.faults,
      isAlive,
      onCrash: () => this.crash(),
    });
    const onError = (what: string, error: unknown) => {
      if (error instanceof TypeError || error instanceof RangeError) {
        this.problems.push(`${what}: ${error.stack ?? error.message}`);
      }
    };
    void runControllers(client, { clock, signal: incarnation.signal, onError, rootCertificate });
  }

  /** The controllers are gone; others take over a little later. */
  crash(): void {
    this.crashes += 1;
    const { random } = this;
    const dead = this.#incarnation;
    this.#incarnation = undefined;
    dead?.abort();
    this.clock.after(100 + random.below(3000), () => this.start());
  }

  /** Renews a node's lease, in the store itself: half of all that a calm cluster writes. */
  async heartbeat(name: string): Promise<void> {
    const key = `${resources.leases.kind.prefix}kube-node-lease/${name}`;
    const { entry } = await this.#store.get(key);
    if (entry === undefined) return;
    const renewTime = writeMicroTime(Math.floor(this.clock.now() / 1000), 0);
    const lease = decodeObject(entry);
    const renewed = { ...lease, spec: { ...objectIn(lease, 'spec'), renewTime } };
    const value = encodeObject(resources.leases.kind, renewed);
    await this.#store.update(key, value, { expected: entry.revision });
  }

  observe({ key, value, revision, deleted }: Change): void {
    const prefix = prefixes.find((one) => key.startsWith(one)) ?? '';
    const objects = this.#objects.get(prefix) ?? new Map<string, AnyObject>();
    this.#objects.set(prefix, objects);
    const before = objects.get(key);
    const now = deleted ? undefined : (decodeObject({ value, revision }) as AnyObject);
    if (now === undefined) objects.delete(key);
    else objects.set(key, now);
    for (const observer of this.observers) observer({ prefix, now, before });
  }

  fail(problem: string): void {
    this.problems.push(`${new Date(this.clock.now()).toISOString()} ${problem}`);
  }

  /** As the API lists them, in the order of their names. */
  async list<T extends ApiObject>({ kind }: Resource<T>): Promise<readonly Stored<T>[]> {
    const objects = this.#objects.get(kind.prefix) ?? [];
    const inOrder = [...objects].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return inOrder.map(([, object]) => object as Stored<T>);
  }

  async pods(): Promise<readonly Stored<Pod>[]> {
    return await this.list(resources.pods);
  }

  /** True when it came to hold; faults go on meanwhile. */
  async until(condition: () => Promise<boolean>, limitMs: number): Promise<boolean> {
    let asked = 0;
    let held = false;
    return await this.clock.until(async () => {
      if (this.clock.now() < asked) return held;
      asked = this.clock.now() + 500;
      held = await condition();
      return held;
    }, limitMs);
  }

  /** Lets time pass until the work is done. */
  async during<R>(work: Promise<R>): Promise<R> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    work.then(mark, mark);
    await this.clock.until(() => settled, 600_000);
    return await work;
  }

  end(): void {
    this.#incarnation?.abort();
    this.#ending.abort();
  }
}

function rootCertificate(): string {
  return 'certificate';
}

/** Names and uids are of the seed too. */
function seedIdentifiers(seed: number): void {
  const random = new Random(seed ^ 0x5eed);
  const hex = (digits: number) =>
    random
      .below(16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(6)}${hex(6)}` as const;
  const integer = (low: number, high?: number) =>
    high === undefined ? random.below(low) : low + random.below(high - low);
  Object.assign(crypto, { randomUUID: uuid, randomInt: integer });
  syncBuiltinESMExports();
}
