import { MetricRegistry } from '../../base/metric-registry.ts';
import { statusCode } from '../../grpc/status-code.ts';

/** From a probe that is answered from memory to a pull that takes minutes. */
const callSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const pullSeconds = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const delaySeconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Plugins' types are an operator's words: past so many, all others are one. */
const maximumPlugins = 32;

const codeNames = new Map<number, string>(
  Object.entries(statusCode).map(([name, code]) => [code, name]),
);

/**
 * What the runtime counts of its own work. No label has a pod's, a container's or an image's name
 * in it: the series are bounded by the methods, the codes and the plugins.
 */
export class RuntimeMetrics {
  readonly registry = new MetricRegistry();
  readonly #plugins = new Set<string>();

  readonly #calls = this.registry.counter({
    name: 'keelson_cri_requests_total',
    help: 'Calls that have ended, by gRPC status',
    labels: ['rpc', 'code'],
  });
  readonly #callSeconds = this.registry.histogram(
    {
      name: 'keelson_cri_request_duration_seconds',
      help: 'Time of calls with one answer',
      labels: ['rpc'],
    },
    callSeconds,
  );
  readonly #callsInFlight = this.registry.gauge({
    name: 'keelson_cri_requests_in_flight',
    help: 'Calls that are worked on',
  });
  readonly #pulls = this.registry.counter({
    name: 'keelson_image_pulls_total',
    help: 'Pulls that have ended',
    labels: ['result'],
  });
  readonly #pullSeconds = this.registry.histogram(
    { name: 'keelson_image_pull_duration_seconds', help: 'Time of pulls that succeeded' },
    pullSeconds,
  );
  readonly #pullsInFlight = this.registry.gauge({
    name: 'keelson_image_pulls_in_flight',
    help: 'Pulls under way',
  });
  readonly #cni = this.registry.counter({
    name: 'keelson_cni_operations_total',
    help: 'Calls of CNI plugins, for pods and for other runtimes',
    labels: ['operation', 'plugin', 'result'],
  });
  readonly #cniSeconds = this.registry.histogram(
    {
      name: 'keelson_cni_operation_duration_seconds',
      help: 'Time of calls of CNI plugins',
      labels: ['operation', 'plugin'],
    },
    callSeconds,
  );
  readonly #delay = this.registry.histogram(
    {
      name: 'keelson_event_loop_delay_seconds',
      help: 'How late the timer of each second was: what all calls wait for',
    },
    delaySeconds,
  );

  /** A call begins; what it gives is to be told the end's status code. */
  beginCall(rpc: string, oneAnswer: boolean): (code: number) => void {
    const startedAt = performance.now();
    this.#callsInFlight.add(1);
    return (code) => {
      this.#callsInFlight.add(-1);
      this.#calls.add(1, [rpc, codeNames.get(code) ?? 'unknown']);
      if (oneAnswer) this.#callSeconds.observe(since(startedAt), [rpc]);
    };
  }

  async pull<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    this.#pullsInFlight.add(1);
    try {
      const pulled = await work();
      this.#pulls.add(1, ['success']);
      this.#pullSeconds.observe(since(startedAt));
      return pulled;
    } catch (error) {
      this.#pulls.add(1, ['failure']);
      throw error;
    } finally {
      this.#pullsInFlight.add(-1);
    }
  }

  cniEnded(call: { operation: string; plugin: string; startedAt: number; failed: boolean }): void {
    const plugin = this.#boundedPlugin(call.plugin);
    this.#cni.add(1, [call.operation, plugin, call.failed ? 'failure' : 'success']);
    this.#cniSeconds.observe(since(call.startedAt), [call.operation, plugin]);
  }

  loopDelay(seconds: number): void {
    this.#delay.observe(seconds);
  }

  #boundedPlugin(type: string): string {
    if (this.#plugins.has(type)) return type;
    if (this.#plugins.size >= maximumPlugins) return 'other';
    this.#plugins.add(type);
    return type;
  }
}

function since(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
