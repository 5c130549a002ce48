import { isRefused } from '../../api/client/refusal.ts';
import type { Stored } from '../../api/client/client.ts';
import type { ContainerImage, Node, NodeStatus } from '../../api/types/generated/core-v1.ts';
import { sleep } from '../../base/clock.ts';
import { Wakeup } from '../../base/wakeup.ts';
import type { NodePods } from '../pod/node-pods.ts';
import type { PodVolumes } from '../volume/pod-volumes.ts';
import { findAddresses } from './addresses.ts';
import { Complaints } from './complaints.ts';
import { conditionsOf, transitionReasons } from './conditions.ts';
import { keepLease } from './keep-lease.ts';
import { NodeLease } from './lease.ts';
import { readMachine } from './machine.ts';
import { Management } from './management.ts';
import { nodeImages } from './node-images.ts';
import { readNodeInfo } from './node-info.ts';
import { statusPatch, withExtended } from './node-object.ts';
import type { LiveNodeState, NodeStateOptions } from './node-options.ts';
import { allocatableOf, capacityOf, type NodeResources } from './node-resources.ts';
import type { Pressure } from './node-state.ts';
import { RuntimeObserver } from './observe-runtime.ts';
import { Registration } from './registration.ts';
import { retryDelay } from './retry.ts';

const observationMs = 5000;
/** A node that waits for its network is to be ready as soon as it can. */
const impatientMs = 500;
const imagesMs = 60_000;

/** The node's state, observed and told to the server until it is disposed of. */
export class LiveNode implements LiveNodeState {
  readonly name: string;
  readonly #options: NodeStateOptions;
  readonly #observer: RuntimeObserver;
  readonly #complaints: Complaints;
  readonly #registration: Registration | undefined;
  readonly #end = new AbortController();
  readonly #wakeup = new Wakeup();
  readonly #loops: Promise<unknown>[] = [];
  #addresses: readonly string[];
  #capacity: NodeResources;
  /** What {@link allocatable} has said last, and of what. */
  #asked:
    | {
        readonly status: NodeStatus | undefined;
        readonly capacity: NodeResources;
        readonly amounts: ReadonlyMap<string, string>;
      }
    | undefined;
  #images: readonly ContainerImage[] = [];
  #imagesAt = -Infinity;
  #reportedAt = -Infinity;
  #podsFault: string | undefined;
  #podCidr = '';
  #port = 0;
  #management: Management | undefined;

  private constructor(
    options: NodeStateOptions,
    found: { addresses: readonly string[]; capacity: NodeResources },
  ) {
    const { name, client, clock, configuration, log, runtime } = options;
    this.name = name;
    this.#options = options;
    this.#addresses = found.addresses;
    this.#capacity = found.capacity;
    this.#complaints = new Complaints(log);
    this.#observer = new RuntimeObserver(runtime, clock);
    const identity = {
      name,
      labels: options.labels ?? {},
      taints: [...configuration.registerWithTaints, ...(options.taints ?? [])],
      providerId: configuration.providerID,
      providedAddresses: options.addresses ?? [],
    };
    if (client === undefined) return;
    this.#registration = new Registration({
      client,
      clock,
      identity,
      failed: (error) => this.#complaints.about('following the Node', error),
      changed: () => this.#wakeup.wake(),
    });
  }

  static async open(options: NodeStateOptions): Promise<LiveNode> {
    const addresses = options.addresses ?? (await findAddresses());
    const capacity = capacityOf(await readMachine(options.root), options.configuration);
    const node = new LiveNode(options, { addresses, capacity });
    node.#begin();
    return node;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  node(): Stored<Node> | undefined {
    return this.#registration?.node();
  }

  allocatable(): ReadonlyMap<string, string> {
    const [status, capacity] = [this.node()?.status, this.#capacity];
    // Each pod that comes asks, and the sums are the same until the node is another.
    if (this.#asked?.status !== status || this.#asked?.capacity !== capacity) {
      const amounts = new Map(Object.entries(this.#allocatable(status)));
      this.#asked = { status, capacity, amounts };
    }
    return this.#asked.amounts;
  }

  #allocatable(known: NodeStatus | undefined): Readonly<Record<string, string>> {
    const own = allocatableOf(this.#capacity, this.#options.configuration);
    return withExtended(own, known?.capacity);
  }

  pressure(): Pressure {
    return this.#management?.pressure() ?? { memory: false, disk: false, processes: false };
  }

  get isShuttingDown(): boolean {
    return this.#management?.isShuttingDown ?? false;
  }

  runtimeAnswered(failure: string | undefined): void {
    if (this.#podsFault === failure) return;
    this.#podsFault = failure;
    this.changed();
  }

  servesOn(port: number): void {
    this.#port = port;
    this.changed();
  }

  changed(): void {
    this.#wakeup.wake();
  }

  manage(pods: NodePods, volumes?: PodVolumes): void {
    this.#management = new Management(this.#options, {
      pods,
      volumes,
      complaints: this.#complaints,
      capacity: () => this.#capacity,
      changed: () => this.changed(),
    });
    this.#loops.push(this.#management.run(this.#end.signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    this.#wakeup.wake();
    await Promise.allSettled(this.#loops);
  }

  #begin(): void {
    const { client, clock, configuration, name } = this.#options;
    const { signal } = this.#end;
    this.#loops.push(this.#observe(signal));
    const registration = this.#registration;
    if (client === undefined || registration === undefined) return;
    const durationSeconds = configuration.nodeLeaseDurationSeconds;
    const node = () => registration.node();
    const lease = new NodeLease({ client, clock, name, durationSeconds, node });
    const { reconnect = () => undefined } = this.#options;
    const periodMs = (durationSeconds * 1000) / 4;
    const keeping = { clock, periodMs, complaints: this.#complaints, reconnect };
    this.#loops.push(
      registration.follow(signal),
      this.#report(registration, signal),
      keepLease(lease, keeping, signal),
    );
  }

  async #observe(signal: AbortSignal): Promise<void> {
    let words = '';
    while (!signal.aborted) {
      const { faults, version } = await this.#observer.look();
      const now = [version, ...faults].join('\n');
      if (now !== words) this.changed();
      words = now;
      const wait = faults.length === 0 ? observationMs : impatientMs;
      await sleep(this.#options.clock, wait, signal);
    }
  }

  async #report(registration: Registration, signal: AbortSignal): Promise<void> {
    const { configuration } = this.#options;
    const period = configuration.nodeStatusUpdateFrequency;
    let failures = 0;
    // A kubelet that begins anew must not tell for a moment that its runtime is away.
    await this.#observer.look();
    while (!signal.aborted) {
      try {
        await this.#reportOnce(registration);
        this.#complaints.over('telling the status');
        failures = 0;
      } catch (error) {
        this.#complaints.about('telling the status', error);
        failures += 1;
      }
      await this.#wakeup.wait(failures === 0 ? period : retryDelay(failures));
    }
  }

  async #reportOnce(registration: Registration): Promise<void> {
    const { clock, configuration } = this.#options;
    const before = registration.node()?.status;
    if (registration.node() === undefined) {
      if (!configuration.registerNode) return;
      await registration.ensure(await this.#status(undefined));
      this.#options.log.info(`registered node "${this.name}"`);
      this.#reportedAt = -Infinity;
    }
    // What others write meanwhile is not in this status, and must not be taken back for that.
    const known = registration.node()?.status;
    const status = await this.#status(known);
    const due = clock.now() - this.#reportedAt >= configuration.nodeStatusReportFrequency;
    const patch = statusPatch(status, known, due);
    if (patch !== undefined) {
      try {
        await registration.patchStatus(patch);
      } catch (error) {
        // It was deleted, and the watch has not told yet.
        if (!isRefused(error, 'NotFound') || !configuration.registerNode) throw error;
        await registration.ensure(status);
      }
      this.#reportedAt = clock.now();
    }
    for (const reason of transitionReasons(status.conditions ?? [], before?.conditions ?? [])) {
      const message = `Node ${this.name} status is now: ${reason}`;
      this.#options.tell({ type: 'Normal', reason, message });
    }
    await this.#tellRange(registration.node());
  }

  async #status(known: NodeStatus | undefined): Promise<NodeStatus> {
    const { clock, configuration, root } = this.#options;
    this.#capacity = capacityOf(await readMachine(root), configuration);
    if (this.#options.addresses === undefined) this.#addresses = await findAddresses();
    await this.#refreshImages();
    const { version, faults, handlers } = this.#observer.facts;
    const { memory, disk, processes } = this.pressure();
    const health = {
      memoryPressure: memory,
      diskPressure: disk,
      pidPressure: processes,
      faults: [...faults, ...(this.#podsFault === undefined ? [] : [this.#podsFault])],
    };
    return {
      capacity: withExtended(this.#capacity, known?.capacity),
      allocatable: this.#allocatable(known),
      conditions: conditionsOf(health, known?.conditions ?? [], clock.now()),
      addresses: [
        ...this.#addresses.map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: this.name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: this.#port } },
      nodeInfo: await readNodeInfo(version),
      images: this.#images,
      ...(handlers.length > 0 && {
        runtimeHandlers: handlers.map(({ name, features }) => ({
          name,
          features: {
            recursiveReadOnlyMounts: features?.recursive_read_only_mounts ?? false,
            userNamespaces: features?.user_namespaces ?? false,
          },
        })),
      }),
    };
  }

  async #refreshImages(): Promise<void> {
    const { clock, runtime, configuration } = this.#options;
    if (clock.now() - this.#imagesAt < imagesMs) return;
    try {
      const images = await runtime.listImages();
      this.#images = nodeImages(images, configuration.nodeStatusMaxImages);
      this.#imagesAt = clock.now();
    } catch {
      // How the runtime is stands in the conditions; the list waits for better times.
    }
  }

  /** Runtimes that write their own network's configuration want to know the node's range. */
  async #tellRange(node: Stored<Node> | undefined): Promise<void> {
    const cidr = (node?.spec?.podCIDRs ?? []).join(',') || this.#options.configuration.podCIDR;
    if (cidr === '' || cidr === this.#podCidr) return;
    await this.#options.runtime.updatePodCidr(cidr);
    this.#podCidr = cidr;
  }
}
