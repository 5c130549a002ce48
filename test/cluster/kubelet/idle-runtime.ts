import type * as cri from '../../../src/cri/generated/runtime.ts';
import type { ContainerRuntime } from '../../../src/kubelet/runtime/container-runtime.ts';

/** A CRI runtime that runs nothing: what a node asks of it by itself is answered. */
export class IdleRuntime {
  /** Set, every call fails with it. */
  failure: Error | undefined;
  networkReady = true;
  images: cri.Image[] = [];
  readonly ranges: string[] = [];

  /** As the kubelet's parts want it; a call that no part should make is a TypeError. */
  get asRuntime(): ContainerRuntime {
    return this as unknown as ContainerRuntime;
  }

  async version(): Promise<cri.VersionResponse> {
    this.#fail();
    return {
      version: '0.1.0',
      runtime_name: 'idle',
      runtime_version: '1.2.3',
      runtime_api_version: 'v1',
    };
  }

  async status(): Promise<cri.StatusResponse> {
    this.#fail();
    const network = this.networkReady
      ? { type: 'NetworkReady', status: true, reason: '', message: '' }
      : {
          type: 'NetworkReady',
          status: false,
          reason: 'NetworkPluginNotReady',
          message: 'no network',
        };
    const runtime = { type: 'RuntimeReady', status: true, reason: '', message: '' };
    return { status: { conditions: [runtime, network] }, info: {}, runtime_handlers: [] };
  }

  async listImages(): Promise<readonly cri.Image[]> {
    this.#fail();
    return this.images;
  }

  async updatePodCidr(cidr: string): Promise<void> {
    this.#fail();
    this.ranges.push(cidr);
  }

  #fail(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}
