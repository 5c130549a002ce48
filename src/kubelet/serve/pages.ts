import type { JsonObject } from '../../api/json.ts';
import { NodeStatistics } from '../statistics/node-statistics.ts';
import { ownMetrics } from './own-metrics.ts';
import type { Page } from './route.ts';
import { runningPods } from './running-pods.ts';
import { Refusal } from './refusal.ts';
import type { ServeKubeletOptions } from './serve-options.ts';

export interface PageText {
  readonly type: string;
  readonly text: string;
}

type Write = () => Promise<PageText>;

/** What each page shows, put together when it is asked for. */
export function pagesOf(options: ServeKubeletOptions): Readonly<Record<Page, Write>> {
  const { pods, runtime, document, node, configuration, volumes, root, clock } = options;
  const statistics = new NodeStatistics({
    nodeName: node.name,
    root,
    clock,
    runtime,
    pods,
    volumes,
    logs: configuration.podLogsDir,
  });
  return {
    pods: async () => {
      const list = { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: pods.list() };
      return json(list);
    },
    runningpods: async () => json(await runningPods(runtime)),
    healthz: async () => health(options),
    configz: async () => json({ kubeletconfig: document }),
    'stats/summary': async () => json(await statistics.summary()),
    metrics: async () => {
      const others = (await options.metrics?.()) ?? '';
      return metrics((await ownMetrics(node.name, runtime)) + others);
    },
    'metrics/cadvisor': async () => metrics(await statistics.advisorMetrics()),
    'metrics/resource': async () => metrics(await statistics.resourceMetrics()),
    'metrics/probes': async () => metrics((await options.probeMetrics?.()) ?? ''),
  };
}

/** `ok`, or a refusal that says what ails the kubelet. */
export function health({ ailments }: Pick<ServeKubeletOptions, 'ailments'>): PageText {
  const found = ailments?.() ?? [];
  if (found.length === 0) return { type: 'text/plain; charset=utf-8', text: 'ok' };
  throw new Refusal(500, found.join('\n'));
}

function json(value: object | JsonObject): PageText {
  return { type: 'application/json', text: JSON.stringify(value) };
}

function metrics(text: string): PageText {
  return { type: 'text/plain; version=0.0.4; charset=utf-8', text };
}
