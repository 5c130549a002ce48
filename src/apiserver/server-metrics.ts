import type { ServerResponse } from 'node:http';
import { type Counter, type Histogram, MetricRegistry } from '../base/metric-registry.ts';
import type { Store } from '../store/store.ts';
import type { Route } from './route.ts';

const seconds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 5, 10, 30, 60];

/** What of a request is counted. */
export interface Visited {
  readonly route: Route;
  readonly method: string;
  readonly watches: boolean;
}

/** `/metrics` under the names that dashboards of Kubernetes know. */
export class ServerMetrics {
  readonly #registry = new MetricRegistry();
  readonly #requests: Counter;
  readonly #durations: Histogram;
  readonly #inflight: Counter;
  readonly #long: Counter;
  readonly #running = { requests: 0, watches: 0 };

  constructor(store: Store) {
    const registry = this.#registry;
    this.#requests = registry.counter({
      name: 'apiserver_request_total',
      help: 'Requests that were answered.',
      labels: ['verb', 'group', 'version', 'resource', 'subresource', 'code'],
    });
    this.#durations = registry.histogram(
      {
        name: 'apiserver_request_duration_seconds',
        help: 'How long answers took, but for watches and what is passed on.',
        labels: ['verb', 'resource'],
      },
      seconds,
    );
    this.#inflight = registry.gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Requests that are being answered.',
    });
    this.#long = registry.gauge({
      name: 'apiserver_longrunning_requests',
      help: 'Watches and passed-on connections that are open.',
    });
    const reading = (name: string, help: string, read: () => Promise<number>) =>
      registry.reading({ name, help }, read);
    reading('apiserver_storage_size_bytes', "The size of the store's database.", async () => {
      return (await store.statistics()).databaseBytes;
    });
    reading('apiserver_storage_revision', 'The newest revision.', async () => store.revision);
    reading('process_resident_memory_bytes', 'Memory that the process has.', async () =>
      process.memoryUsage.rss(),
    );
    registry.reading(
      { name: 'process_cpu_seconds_total', help: 'Processor time used.', type: 'counter' },
      async () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1_000_000;
      },
    );
  }

  /** Counts a request from here to its end. */
  begin(visited: Visited, response: ServerResponse): void {
    const startMs = performance.now();
    const isLong = visited.watches || isPassedOn(visited.route);
    const kind = isLong ? 'watches' : 'requests';
    this.#running[kind] += 1;
    response.once('close', () => {
      this.#running[kind] -= 1;
      const { verb, group, version, resource, subresource } = labelsOf(visited);
      const code = String(response.statusCode);
      this.#requests.add(1, [verb, group, version, resource, subresource, code]);
      if (isLong) return;
      this.#durations.observe((performance.now() - startMs) / 1000, [verb, resource]);
    });
  }

  async text(): Promise<string> {
    this.#inflight.set(this.#running.requests);
    this.#long.set(this.#running.watches);
    return await this.#registry.text();
  }
}

const passedOn: ReadonlySet<string> = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);

function isPassedOn(route: Route): boolean {
  return route.to === 'resource' && passedOn.has(route.resource.subresource ?? '');
}

function labelsOf({ route, method, watches }: Visited): Record<string, string> & {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
} {
  if (route.to !== 'resource') {
    return { verb: method, group: '', version: '', resource: '', subresource: '' };
  }
  const { kind, name, subresource = '' } = route.resource;
  const { group, version, plural } = kind;
  const read = watches ? 'WATCH' : name === '' ? 'LIST' : 'GET';
  return { verb: method === 'GET' ? read : method, group, version, resource: plural, subresource };
}
