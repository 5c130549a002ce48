import type { ApiClient, Stored } from '../../src/api/client/client.ts';
import { resources } from '../../src/api/client/resources.ts';
import { ApiError } from '../../src/api/status.ts';
import { writeTime } from '../../src/api/time.ts';
import type { Pod } from '../../src/api/types/generated/core-v1.ts';
import { ConflictError } from '../../src/store/error.ts';
import type { FakeClock } from './fake-clock.ts';
import { registerNode } from './fake-node.ts';
import type { Random } from './random.ts';

const tickMs = 400;
const leaseMs = 10_000;

/** The cluster as a kubelet meets it. */
interface Surroundings {
  readonly client: ApiClient;
  readonly clock: FakeClock;
  readonly random: Random;
  readonly heartbeat: (node: string) => Promise<void>;
  readonly pods: () => Promise<readonly Stored<Pod>[]>;
}

/** Binds pods to nodes and says how they fare, at random speed; ends those that are deleted. */
export class FakeKubelet {
  nodes: readonly string[] = ['node-a', 'node-b', 'node-c'];
  /** Nodes that are cut off: nothing happens on them. */
  readonly dead = new Set<string>();
  /** How probable a running pod fails at each look. */
  failing = 0;
  /** What becomes of a pod that runs to its end; undefined keeps it running. */
  ends: (pod: Stored<Pod>) => 'Succeeded' | 'Failed' | undefined = () => undefined;
  /** A kubelet that is paused does nothing. */
  paused = false;
  readonly #world: Surroundings;

  constructor(world: Surroundings) {
    this.#world = world;
    this.#schedule();
  }

  /** Adds a node that says it is there for as long as it is not dead. */
  async register(name: string): Promise<void> {
    const { client, clock } = this.#world;
    await registerNode(client, name, clock.now());
    this.#beat(name);
  }

  #beat(name: string): void {
    const { clock } = this.#world;
    clock.after(leaseMs, () => {
      const renewed = this.dead.has(name) ? Promise.resolve() : this.#world.heartbeat(name);
      void renewed
        .catch((error: unknown) => {
          if (!(error instanceof ConflictError)) throw error;
        })
        .finally(() => this.#beat(name));
    });
  }

  #schedule(): void {
    this.#world.clock.after(tickMs, () => {
      void this.#tick().finally(() => this.#schedule());
    });
  }

  async #tick(): Promise<void> {
    if (this.paused) return;
    for (const pod of await this.#world.pods()) {
      if (this.dead.has(pod.spec.nodeName ?? '')) continue;
      if (this.#world.random.chance(0.4)) continue;
      await this.#attend(pod).catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
      });
    }
  }

  async #attend(pod: Stored<Pod>): Promise<void> {
    const { client, random } = this.#world;
    const { namespace = '', name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      const preconditions = { uid: pod.metadata.uid };
      const options = { gracePeriodSeconds: 0, preconditions };
      await client.delete(resources.pods, { namespace, name }, options);
    } else if (pod.spec.nodeName === undefined) {
      const [first = 'node-a', ...others] = this.nodes;
      const nodeName = boundNode(pod) ?? random.one([first, ...others]);
      await client.update(resources.pods, { ...pod, spec: { ...pod.spec, nodeName } });
    } else if ((pod.status?.phase ?? 'Pending') === 'Pending') {
      await this.#say(pod, 'Running', true);
    } else if (pod.status?.phase === 'Running') {
      const end = this.ends(pod);
      if (end !== undefined) await this.#say(pod, end, false);
      else if (random.chance(this.failing)) await this.#say(pod, 'Failed', false);
    }
  }

  async #say(pod: Stored<Pod>, phase: string, ready: boolean): Promise<void> {
    const time = writeTime(Math.floor(this.#world.clock.now() / 1000));
    const status = ready ? 'True' : 'False';
    const podIP = `10.1.0.${1 + this.#world.random.below(250)}`;
    const conditions = [{ type: 'Ready', status, lastTransitionTime: time }];
    await this.#world.client.updateStatus(resources.pods, {
      ...pod,
      status: { ...pod.status, phase, podIP, podIPs: [{ ip: podIP }], conditions, startTime: time },
    });
  }
}

/** The node that a daemon's pod is made for. */
function boundNode({ spec }: Stored<Pod>): string | undefined {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0];
}
