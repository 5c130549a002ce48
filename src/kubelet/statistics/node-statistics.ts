import type { JsonObject } from '../../api/json.ts';
import type { Clock } from '../../base/clock.ts';
import { type FileSystemSpace, readSpace } from '../node/machine.ts';
import { advisorMetrics, advisorNames } from './advisor-metrics.ts';
import { NodeSampler, type NodeUse } from './node-use.ts';
import { type PodUse, readPodUse, sum, type UseSource } from './pod-use.ts';
import { resourceMetrics } from './resource-metrics.ts';
import { runtimeMetrics } from './runtime-metrics.ts';
import { summaryOf } from './summary.ts';

export interface StatisticsOptions extends UseSource {
  readonly nodeName: string;
  readonly root: string;
  readonly clock: Clock;
}

/** Askers within this time get the same numbers: who asks often looks no more often. */
const freshMs = 1000;

interface Look {
  readonly node: NodeUse;
  readonly pods: readonly PodUse[];
}

/** What the node and its pods use, in the forms that clients of a kubelet read. */
export class NodeStatistics {
  readonly #options: StatisticsOptions;
  readonly #sampler: NodeSampler;
  readonly #looks = new Map<boolean, { readonly atMs: number; readonly look: Promise<Look> }>();

  constructor(options: StatisticsOptions) {
    this.#options = options;
    this.#sampler = new NodeSampler(options.root, options.clock);
  }

  async summary(): Promise<JsonObject> {
    const { nodeName, runtime } = this.#options;
    const [{ node, pods }, { image_filesystems: images }] = await Promise.all([
      this.#look(true),
      runtime.imageFileSystem(),
    ]);
    return summaryOf({
      nodeName,
      node,
      pods,
      imageSpace: await spaceOf(images[0]?.fs_id?.mountpoint),
      imageBytes: sum(images.map(({ used_bytes: used }) => used?.value)),
    });
  }

  async resourceMetrics(): Promise<string> {
    const { node, pods } = await this.#look(false);
    return resourceMetrics(node, pods);
  }

  async advisorMetrics(): Promise<string> {
    const [{ node, pods }, others] = await Promise.all([
      this.#look(false),
      runtimeMetrics(this.#options.runtime, advisorNames),
    ]);
    return advisorMetrics(node, pods) + others;
  }

  #look(disk: boolean): Promise<Look> {
    const now = this.#options.clock.now();
    const known = this.#looks.get(disk);
    if (known !== undefined && now - known.atMs < freshMs) return known.look;
    const look = this.#lookNow(disk);
    this.#looks.set(disk, { atMs: now, look });
    return look;
  }

  async #lookNow(disk: boolean): Promise<Look> {
    const [node, pods] = await Promise.all([
      this.#sampler.look(),
      readPodUse(this.#options, { disk }),
    ]);
    return { node, pods };
  }
}

/** Undefined where the runtime names a place that is not there, or another's. */
async function spaceOf(path: string | undefined): Promise<FileSystemSpace | undefined> {
  if (path === undefined || path === '') return undefined;
  return await readSpace(path).catch(() => undefined);
}
