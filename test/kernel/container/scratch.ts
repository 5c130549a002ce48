import { existsSync, readFileSync } from 'node:fs';
import type { ContainerStatus } from '../../../src/container/container-engine.ts';
import { KeelsonEngine } from '../../../src/container/engine.ts';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { Bundle, type SpecChange } from './bundle.ts';

/** A bundle and an engine on it; at the end containers, shim and cgroup are removed. */
export class Scratch implements AsyncDisposable {
  readonly bundle = new Bundle();
  engine = new KeelsonEngine({ stateFolder: this.bundle.state });
  #count = 0;

  /** Runs a program to its end and removes it; its status, and its log without the prefixes. */
  async run(
    args: readonly string[],
    change: SpecChange = {},
  ): Promise<ContainerStatus & { out: string; err: string }> {
    const id = `run${++this.#count}`;
    await this.engine.create(this.bundle.request(id, args, change));
    await this.engine.start(id);
    const status = await this.engine.wait(id);
    await this.engine.remove(id);
    return { ...status, out: this.log(id, 'stdout'), err: this.log(id, 'stderr') };
  }

  log(id: string, stream: 'stdout' | 'stderr'): string {
    const path = this.bundle.path(`${id}.log`);
    if (!existsSync(path)) return '';
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => /^\S+ (\w+) ([FP]) ([^]*)$/.exec(line))
      .filter((match) => match?.[1] === stream)
      .map((match) => `${match?.[3] ?? ''}${match?.[2] === 'F' ? '\n' : ''}`)
      .join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { id } of this.engine.list()) await this.engine.remove(id);
    await this.engine.endPod('pod');
    await this.engine.close();
    using hierarchy = openHierarchy();
    await hierarchy.remove(`/${this.bundle.name}`);
    this.bundle[Symbol.dispose]();
  }
}
