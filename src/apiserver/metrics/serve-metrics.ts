import { type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { findKind } from '../../api/kinds.ts';
import type { Kind } from '../../api/kind.ts';
import { notFound } from '../../api/status.ts';
import type { Api } from '../api.ts';
import { type Exchange, notAllowed } from '../exchange.ts';
import { metadataOf } from '../object-text.ts';
import { isWatch } from '../security/authorize/attributes.ts';
import { isSelected, readSelection } from '../selection.ts';
import { sendMeasured } from '../send-measured.ts';
import type { NodeSample, Reading } from './node-sample.ts';
import { type Usage, usageOf } from './usage.ts';

/** `metrics.k8s.io`: what nodes and pods use now, by their kubelets; for `kubectl top`. */
export async function serveMetrics(api: Api, exchange: Exchange): Promise<void> {
  const { route, query } = exchange;
  if (isWatch(query)) throw notAllowed();
  const asked = await ownersOf(api, exchange);
  const measure = route.kind.kind === 'NodeMetrics' ? metricsOfNodes : metricsOfPods;
  const objects = await measure(api, asked);
  if (route.name !== '' && objects.length === 0) throw notFound(route.kind, route.name);
  await sendMeasured(api, exchange, objects);
}

/** The nodes or pods that are asked about. Throws `NotFound`. */
async function ownersOf(api: Api, { route, query }: Exchange): Promise<JsonObject[]> {
  const { kind, namespace, name } = route;
  const owner = coreKind(kind.kind === 'NodeMetrics' ? 'Node' : 'Pod');
  if (name !== '') {
    const found = await api.registry.find({ kind: owner, namespace, name });
    if (found === undefined) throw notFound(kind, name);
    return [found];
  }
  const selection = readSelection(kind, query);
  const all = await api.registry.all(owner, namespace);
  return all.filter((object) => isSelected(selection, object));
}

export async function metricsOfNodes(
  api: Api,
  nodes: readonly JsonObject[],
): Promise<readonly JsonObject[]> {
  const measured = await Promise.all(
    nodes.map(async (node) => {
      const samples = await api.meters.of(node);
      const use = usageOf(samples.map((sample) => sample.node));
      return use === undefined ? [] : [{ ...headOf(node, use), usage: amountsOf(use) }];
    }),
  );
  return measured.flat();
}

/** Of pods that run nowhere, or whose containers have just begun, there is nothing to tell. */
export async function metricsOfPods(
  api: Api,
  pods: readonly JsonObject[],
): Promise<readonly JsonObject[]> {
  const running = pods.filter((pod) => nodeOf(pod) !== '' && !isOver(pod));
  const names = new Set(running.map(nodeOf));
  const samples = new Map(
    await Promise.all([...names].map(async (name) => [name, await samplesOf(api, name)] as const)),
  );
  return running.flatMap((pod) => podMetrics(pod, samples.get(nodeOf(pod)) ?? []));
}

async function samplesOf(api: Api, name: string): Promise<readonly NodeSample[]> {
  const node = await api.registry.find({ kind: coreKind('Node'), namespace: '', name });
  return node === undefined ? [] : await api.meters.of(node);
}

function podMetrics(pod: JsonObject, samples: readonly NodeSample[]): JsonObject[] {
  const { namespace, name } = metadataOf(pod);
  const own = samples.map(({ pods }) => pods.get(`${textOf(namespace)}/${textOf(name)}`));
  const names = [...(own.at(-1)?.keys() ?? [])];
  const uses = names.map((container) =>
    usageOf(own.map((containers) => containers?.get(container)).filter(isReading)),
  );
  const known = uses.filter((use) => use !== undefined);
  const [first] = known;
  // A sum that lacks a container would have an autoscaler take away what is needed.
  if (first === undefined || known.length < names.length) return [];
  const containers = known.map((use, index) => ({ name: names[index], usage: amountsOf(use) }));
  return [{ ...headOf(pod, first), containers }];
}

function isReading(reading: Reading | undefined): reading is Reading {
  return reading !== undefined;
}

function headOf(owner: JsonObject, { atMs, windowMs }: Usage): JsonObject {
  const { name, namespace, labels } = metadataOf(owner);
  const metadata = {
    name,
    ...(namespace !== undefined && { namespace }),
    creationTimestamp: secondsText(Date.now()),
    ...(labels !== undefined && { labels }),
  };
  return { metadata, timestamp: secondsText(atMs), window: `${Math.round(windowMs) / 1000}s` };
}

function amountsOf({ cpu, memory }: Usage): JsonObject {
  return { cpu, memory };
}

function secondsText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function nodeOf(pod: JsonObject): string {
  return textOf(objectIn(pod, 'spec')['nodeName']);
}

function isOver(pod: JsonObject): boolean {
  const { phase } = objectIn(pod, 'status');
  return phase === 'Succeeded' || phase === 'Failed';
}

function coreKind(name: string): Kind {
  const kind = findKind('v1', name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}
