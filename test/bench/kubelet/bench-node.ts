import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HttpClient } from '../../../src/api/client/http-client.ts';
import { Informer } from '../../../src/api/client/informer.ts';
import { readKubeconfig } from '../../../src/api/client/kubeconfig.ts';
import { resources } from '../../../src/api/client/resources.ts';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { isTrue, PrivateNode, shell, waiting } from '../../e2e/kubelet/private-node.ts';

const program = fileURLToPath(new URL('../../../bin/keelson', import.meta.url));

/** A cluster of one node whose state lies on a tmpfs, watched as a client watches it. */
export class BenchNode implements AsyncDisposable {
  readonly node: PrivateNode;
  readonly client: HttpClient;
  readonly #stop = new AbortController();
  readonly #waits = new Map<string, { ready?: () => void; gone?: () => void }>();
  #serial = 0;

  private constructor(node: PrivateNode, client: HttpClient) {
    this.node = node;
    this.client = client;
  }

  static async start(started = true): Promise<BenchNode> {
    // As scripts/install does it: a program that compiles itself keeps the compiler in memory.
    execFileSync(program, ['completion', 'bash']);
    const folder = mkdtempSync('/dev/shm/keelson-bench-');
    const node = await PrivateNode.start({
      started,
      configuration: { maxPods: 250 },
      environment: { KEELSON_LOG: 'warn' },
      // Its own plugins, as where scripts/up has put them: not Debian's, which the default finds.
      runtime: { folder, logLevel: 'warn', flags: ['--cni-plugins', `${folder}/bin`] },
    });
    const address = await readKubeconfig(node.coordinator.process.kubeconfig);
    const bench = new BenchNode(node, new HttpClient(address, 'bench'));
    await bench.#watch();
    return bench;
  }

  /** Pods that no node has yet, by their names. */
  async createUnbound(count: number, container = shell(waiting)): Promise<string[]> {
    const names = Array.from({ length: count }, () => {
      this.#serial += 1;
      return `pod-${this.#serial}`;
    });
    const spec = {
      containers: [container],
      schedulerName: 'nobody',
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
    };
    await Promise.all(
      names.map((name) => {
        const metadata = { name, namespace: 'default' };
        return this.client.create(resources.pods, { metadata, spec } as unknown as Pod);
      }),
    );
    return names;
  }

  /** Binds it; resolves when it is ready. */
  async bind(name: string): Promise<void> {
    const ready = this.ready(name);
    const place = { namespace: 'default', name, subresource: 'binding' } as const;
    const target = { kind: 'Node', apiVersion: 'v1', name: this.node.name };
    await this.client.post(resources.pods, place, { metadata: { name }, target });
    await ready;
  }

  /** Resolves when the pod of that name, or the first of that prefix, is ready. */
  ready(name: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waits.set(name, { ready: resolve });
    });
  }

  async remove(names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        const gone = new Promise<void>((resolve) => {
          this.#waits.set(name, { gone: resolve });
        });
        await this.client.delete(resources.pods, { namespace: 'default', name });
        await gone;
      }),
    );
  }

  async #watch(): Promise<void> {
    const pods = new Informer<Pod>({
      client: this.client,
      clock: systemClock,
      resource: resources.pods,
      onError: (error) => console.error(error),
    });
    pods.onChange((now, before) => {
      const name = (now ?? before)?.metadata.name ?? '';
      const wait =
        this.#waits.get(name) ?? this.#waits.get(name.replace(/-[a-z0-9]+-[a-z0-9]+$/, ''));
      if (now === undefined) wait?.gone?.();
      else if (isTrue(now, 'Ready')) wait?.ready?.();
    });
    void pods.run(this.#stop.signal);
    await pods.synced;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.client[Symbol.asyncDispose]();
    await this.node[Symbol.asyncDispose]();
  }
}
