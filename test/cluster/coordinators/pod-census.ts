import { HttpClient } from '../../../src/api/client/http-client.ts';
import { readKubeconfig } from '../../../src/api/client/kubeconfig.ts';
import { resources } from '../../../src/api/client/resources.ts';
import type { CoordinatorProcess } from '../security/coordinator-process.ts';

/** Counts pods by one coordinator's watch: every one that was ever there, and where it went. */
export class PodCensus implements AsyncDisposable {
  /** By uid: its node, or nothing yet. */
  readonly pods = new Map<string, string>();
  /** Pods that were given a second node. */
  readonly moved: string[] = [];
  readonly #client: HttpClient;
  readonly #end = new AbortController();
  #followed: Promise<void> = Promise.resolve();

  private constructor(client: HttpClient) {
    this.#client = client;
  }

  static async start({ kubeconfig }: CoordinatorProcess): Promise<PodCensus> {
    const census = new PodCensus(new HttpClient(await readKubeconfig(kubeconfig), 'census'));
    const { items, resourceVersion } = await census.#client.list(resources.pods);
    if (items.length > 0) throw new Error('there are pods already');
    census.#followed = census.#follow(resourceVersion);
    return census;
  }

  get bound(): number {
    return [...this.pods.values()].filter((node) => node !== '').length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#followed;
    await this.#client[Symbol.asyncDispose]();
  }

  async #follow(resourceVersion: string): Promise<void> {
    const { signal } = this.#end;
    try {
      for await (const events of this.#client.watch(resources.pods, { resourceVersion, signal })) {
        for (const event of events) {
          if (event.type === 'BOOKMARK') continue;
          const { metadata, spec } = event.object;
          const [before, node] = [this.pods.get(metadata.uid) ?? '', spec?.nodeName ?? ''];
          if (before !== '' && before !== node) this.moved.push(metadata.name);
          this.pods.set(metadata.uid, node);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
