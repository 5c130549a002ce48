import { mkdirSync, readFileSync } from 'node:fs';
import { until } from '../until.ts';
import { CriClient } from './cri-client.ts';
import { FakeCriu } from './fake-criu.ts';
import { PrivateRuntime } from './private-runtime.ts';

/** Prints numbers, and keeps the last one in a file. */
export const counting = 'i=0; while :; do i=$((i+1)); echo $i; echo $i > /tmp/i; sleep 0.05; done';

/** A runtime with a program in criu's place, and a pod on the node's network. */
export class CheckpointNode implements AsyncDisposable {
  readonly runtime: PrivateRuntime;
  readonly criu: FakeCriu;
  readonly config: object;
  cri: CriClient;
  podId = '';

  private constructor(runtime: PrivateRuntime, criu: FakeCriu) {
    this.runtime = runtime;
    this.criu = criu;
    this.cri = new CriClient(runtime.socket);
    mkdirSync(this.logs);
    const namespace_options = { network: 'NODE', pid: 'CONTAINER' };
    const metadata = { name: 'pod', uid: 'uid', namespace: 'ns', attempt: 0 };
    const linux = { security_context: { namespace_options } };
    this.config = { metadata, log_directory: this.logs, linux };
  }

  /** The folder stays the caller's. */
  static async start(folder: string): Promise<CheckpointNode> {
    const criu = new FakeCriu(folder);
    process.env['KEELSON_CRIU'] = criu.path;
    const node = new CheckpointNode(await PrivateRuntime.start(), criu);
    node.podId = await node.cri.pod(node.config);
    return node;
  }

  get logs(): string {
    return `${this.runtime.folder}/logs`;
  }

  async killAndStart(): Promise<void> {
    await this.runtime.down('SIGKILL');
    this.cri[Symbol.dispose]();
    await this.runtime.up();
    this.cri = new CriClient(this.runtime.socket);
  }

  /** They run while the work lasts. */
  async withContainers(
    names: readonly string[],
    work: (ids: readonly string[]) => Promise<void>,
    change: object = {},
  ): Promise<void> {
    const ids: string[] = [];
    try {
      for (const name of names) {
        const pod = { id: this.podId, config: this.config };
        ids.push(await this.cri.run(pod, { ...counter(name), log_path: `${name}.log`, ...change }));
      }
      await work(ids);
    } finally {
      for (const id of ids) await this.cri.remove(id);
    }
  }

  linesOf(name: string): number {
    return readFileSync(`${this.logs}/${name}.log`, 'utf8').split('\n').length;
  }

  /** It prints more than it has. */
  async goesOn(name: string): Promise<void> {
    const lines = this.linesOf(name);
    await until(
      () => this.linesOf(name),
      (now) => now > lines + 2,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { id } of (await this.cri.call('ListPodSandbox')).items as { id: string }[]) {
      await this.cri.call('RemovePodSandbox', { pod_sandbox_id: id });
    }
    this.cri[Symbol.dispose]();
    await this.runtime[Symbol.asyncDispose]();
  }
}

/** A container's configuration; its log is another one than that of a container that ran. */
export function counter(name: string): object {
  const command = ['sh', '-c', counting];
  const log_path = `${name}-restored.log`;
  return { metadata: { name, attempt: 0 }, image: { image: 'busybox' }, command, log_path };
}
