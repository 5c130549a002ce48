import { resources } from '../../api/client/resources.ts';
import { equal } from '../../api/json.ts';
import type { Cluster } from '../cluster.ts';
import { withCondition } from '../condition.ts';
import type { Controller } from '../control-loop.ts';
import { isFinished, isReady } from '../pod-state.ts';
import { podsOf } from '../pods.ts';
import { isRefused } from '../../api/client/refusal.ts';
import type { Node } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import {
  evictionKey,
  graceMs,
  readiness,
  silentConditions,
  startupGraceMs,
  taintsOf,
} from './health.ts';
import { isAllLost, Zones } from './zones.ts';

const source = 'node-controller';
const leaseNamespace = 'kube-node-lease';

/** Looks again when a zone may not lose a node for now. */
const retryMs = 5000;

/** Notices nodes that fell silent, and taints nodes by how they are. */
export class NodeLifecycleController implements Controller {
  readonly name = source;
  readonly #cluster: Cluster;
  readonly #nodes;
  readonly #leases;
  readonly #pods;
  readonly #zones = new Zones();
  /** When each node last said something, by our own clock: theirs may differ. */
  readonly #heard = new Map<string, { readonly said: string; readonly at: number }>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#nodes = cluster.informer(resources.nodes);
    this.#leases = cluster.informer(resources.leases);
    this.#pods = podsOf(cluster);
  }

  get needs() {
    return [this.#nodes, this.#leases, this.#pods];
  }

  watch(queue: WorkQueue): void {
    this.#nodes.onChange((now, before) => {
      const node = now ?? before;
      if (node === undefined) return;
      if (now === undefined) this.#heard.delete(node.metadata.name);
      if (now === undefined || before === undefined) this.#tellOf(node, now !== undefined);
      queue.add(node.metadata.name);
      // The last ready node changes what may be done with all others.
      if (now === undefined || before === undefined || readiness(now) === readiness(before)) return;
      for (const other of this.#nodes.list()) queue.add(other.metadata.name);
    });
    this.#leases.onChange((now) => {
      if (now?.metadata.namespace !== leaseNamespace) return;
      const { name } = now.metadata;
      this.#hear(name);
      const node = this.#nodes.get('', name);
      if (node !== undefined && readiness(node) !== 'True') queue.add(name);
    });
  }

  async reconcile(name: string): Promise<number | undefined> {
    const found = this.#nodes.get('', name);
    if (found === undefined) return undefined;
    const silentInMs = this.#silentInMs(found);
    const node = silentInMs <= 0 ? await this.#silence(found) : found;
    if (readiness(node) !== 'True') await this.#markPods(node);
    const wait = await this.#taint(node);
    const waits = [...(silentInMs > 0 ? [silentInMs + 1] : []), ...(wait > 0 ? [wait] : [])];
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  #tellOf(node: Node, isHere: boolean): void {
    const { name } = node.metadata;
    const what = isHere ? `Registered Node ${name} in` : `Removing Node ${name} from`;
    this.#cluster.events.tell(resources.nodes, node, {
      source,
      type: 'Normal',
      reason: isHere ? 'RegisteredNode' : 'RemovingNode',
      message: `Node ${name} event: ${what} Controller`,
    });
  }

  #hear(name: string): number {
    const renewed = this.#leases.get(leaseNamespace, name)?.spec?.renewTime ?? '';
    const ready = this.#nodes
      .get('', name)
      ?.status?.conditions?.find(({ type }) => type === 'Ready');
    const said = `${renewed} ${ready?.lastHeartbeatTime ?? ''}`;
    const known = this.#heard.get(name);
    if (known?.said === said) return known.at;
    const at = this.#cluster.now();
    this.#heard.set(name, { said, at });
    return at;
  }

  #silentInMs(node: Node): number {
    const { name, creationTimestamp } = node.metadata;
    const at = this.#hear(name);
    const isNew = node.status?.conditions?.some(({ type }) => type === 'Ready') !== true;
    const until = isNew ? Date.parse(creationTimestamp) + startupGraceMs : at + graceMs;
    return until - this.#cluster.now();
  }

  async #silence(node: Node): Promise<Node> {
    const conditions = silentConditions(node, this.#cluster.time());
    if (equal(conditions, node.status?.conditions)) return node;
    const wasReady = readiness(node) === 'True';
    const status = { ...node.status, conditions };
    const silenced = await this.#cluster.updateStatus(resources.nodes, { ...node, status });
    if (wasReady) {
      const { name } = node.metadata;
      this.#cluster.events.tell(resources.nodes, node, {
        source,
        type: 'Normal',
        reason: 'NodeNotReady',
        message: `Node ${name} status is now: NodeNotReady`,
      });
    }
    return silenced;
  }

  /** Nobody shall be sent to pods of which nobody knows whether they are there. */
  async #markPods({ metadata }: Node): Promise<void> {
    for (const pod of this.#pods.find('node', metadata.name)) {
      if (!isReady(pod) || isFinished(pod)) continue;
      const conditions = withCondition(pod.status?.conditions, {
        type: 'Ready',
        status: 'False',
        lastTransitionTime: this.#cluster.time(),
      });
      try {
        const status = { ...pod.status, conditions };
        await this.#cluster.updateStatus(resources.pods, { ...pod, status });
      } catch (error) {
        if (!isRefused(error, 'NotFound')) throw error;
        continue;
      }
      this.#cluster.events.tell(resources.pods, pod, {
        source,
        type: 'Warning',
        reason: 'NodeNotReady',
        message: 'Node is not ready',
      });
    }
  }

  /** How long until the node may be emptied, where it may not be yet. */
  async #taint(node: Node): Promise<number> {
    const nowMs = this.#cluster.now();
    const nodes = this.#nodes.list();
    const key = evictionKey(node);
    const isEvicting = node.spec?.taints?.some(
      (taint) => taint.key === key && taint.effect === 'NoExecute',
    );
    const isLost = isAllLost(nodes);
    const wait =
      isEvicting === true || key === undefined ? 0 : this.#zones.waitMs(node, nodes, nowMs);
    const evict = wait === 0 && !isLost ? key : undefined;
    const taints = taintsOf(node, { evict, time: this.#cluster.time() });
    if (!equal(taints, node.spec?.taints ?? [])) {
      const { taints: _before, ...spec } = node.spec ?? {};
      await this.#cluster.update(resources.nodes, {
        ...node,
        spec: { ...spec, ...(taints.length > 0 && { taints }) },
      });
      if (evict !== undefined && isEvicting !== true) this.#zones.spend(node, nowMs);
    }
    return wait === undefined ? (isLost ? 0 : retryMs) : wait;
  }
}
