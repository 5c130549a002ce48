import { resources } from '../../../src/api/client/resources.ts';
import type { Stored } from '../../../src/api/client/client.ts';
import { ApiError } from '../../../src/api/status.ts';
import { writeTime } from '../../../src/api/time.ts';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { runControllers } from '../../../src/controller/run-controllers.ts';
import { registerNode, renewLease } from '../../simulation/fake-node.ts';
import { type Output, ScratchServer } from '../apiserver/scratch-server.ts';

const tickMs = 50;
const leaseMs = 3000;
const longestWaitMs = 120_000;

/** An API server, its store, all controllers, and a kubelet in a few lines. */
export class ControlledServer implements AsyncDisposable {
  readonly #server: ScratchServer;
  readonly #ending = new AbortController();
  readonly #running: Promise<unknown>;
  readonly errors: string[] = [];
  /** What becomes of a running pod; undefined keeps it running. */
  ends: (pod: Stored<Pod>) => 'Succeeded' | 'Failed' | undefined = () => undefined;

  private constructor(server: ScratchServer) {
    this.#server = server;
    const { signal } = this.#ending;
    const onError = (what: string, error: unknown) => this.errors.push(`${what}: ${String(error)}`);
    this.#running = Promise.all([
      runControllers(server.client('kube-controller-manager'), {
        signal,
        onError,
        rootCertificate,
      }),
      this.#beKubelet(signal),
    ]);
  }

  static async start(): Promise<ControlledServer> {
    return new ControlledServer(await ScratchServer.start());
  }

  get client() {
    return this.#server.client('kubelet');
  }

  manifest(name: string, text: string): string {
    return this.#server.manifest(name, text);
  }

  kubectl(program: string, ...args: readonly string[]): Promise<Output> {
    return this.#server.kubectl(program, ...args);
  }

  /** Runs a command until it answers so; what it answered last, when it never does. */
  async until(program: string, wanted: RegExp, args: readonly string[]): Promise<string> {
    let answer = '';
    for (const end = Date.now() + longestWaitMs; Date.now() < end;) {
      const { stdout, stderr } = await this.kubectl(program, ...args);
      answer = stdout + stderr;
      if (wanted.test(answer)) return answer;
      await new Promise((resolve) => setTimeout(resolve, 4 * tickMs));
    }
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await this.#server[Symbol.asyncDispose]();
  }

  async #beKubelet(signal: AbortSignal): Promise<void> {
    await registerNode(this.client, 'node-a', Date.now());
    let renewed = Date.now();
    while (!signal.aborted) {
      if (Date.now() - renewed > leaseMs) {
        renewed = Date.now();
        await renewLease(this.client, 'node-a', renewed);
      }
      const { items } = await this.client.list(resources.pods);
      for (const pod of items) {
        await this.#attend(pod).catch((error: unknown) => {
          if (!(error instanceof ApiError)) throw error;
        });
      }
      await new Promise((resolve) => setTimeout(resolve, tickMs));
    }
  }

  async #attend(pod: Stored<Pod>): Promise<void> {
    const { client } = this;
    const { namespace = '', name, uid, deletionTimestamp } = pod.metadata;
    const phase = pod.status?.phase ?? 'Pending';
    if (deletionTimestamp !== undefined) {
      const options = { gracePeriodSeconds: 0, preconditions: { uid } };
      await client.delete(resources.pods, { namespace, name }, options);
    } else if (pod.spec.nodeName === undefined) {
      const spec = { ...pod.spec, nodeName: 'node-a' };
      await client.update(resources.pods, { ...pod, spec });
    } else if (phase === 'Pending') await this.#say(pod, 'Running');
    else if (phase === 'Running') {
      const end = this.ends(pod);
      if (end !== undefined) await this.#say(pod, end);
    }
  }

  async #say(pod: Stored<Pod>, phase: string): Promise<void> {
    const time = writeTime(Math.floor(Date.now() / 1000));
    const status = phase === 'Running' ? 'True' : 'False';
    await this.client.updateStatus(resources.pods, {
      ...pod,
      status: {
        ...pod.status,
        phase,
        podIP: '10.1.0.9',
        podIPs: [{ ip: '10.1.0.9' }],
        startTime: time,
        conditions: [{ type: 'Ready', status, lastTransitionTime: time }],
      },
    });
  }
}

function rootCertificate(): string {
  return 'certificate';
}
