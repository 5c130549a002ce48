import type { NodePods } from '../pod/node-pods.ts';
import type { Complaints } from './complaints.ts';
import type { NodeStateOptions } from './node-options.ts';
import type { NodeState, Pressure } from './node-state.ts';

export interface Managed {
  readonly pods: NodePods;
  readonly node: NodeState;
  readonly complaints: Complaints;
}

/** What acts on pods, images and logs so that the node keeps room. */
export class Management {
  readonly options: NodeStateOptions;
  readonly managed: Managed;

  constructor(options: NodeStateOptions, managed: Managed) {
    this.options = options;
    this.managed = managed;
  }

  get isShuttingDown(): boolean {
    return false;
  }

  pressure(): Pressure {
    return { memory: false, disk: false, processes: false };
  }

  async run(_signal: AbortSignal): Promise<void> {}
}
