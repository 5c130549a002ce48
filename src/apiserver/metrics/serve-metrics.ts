import { type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { findKind } from '../../api/kinds.ts';
import type { Kind } from '../../api/kind.ts';
import { isTerminal } from '../../api/quota/pod-amounts.ts';
import { notFound } from '../../api/status.ts';
import { writeTime } from '../../api/time.ts';
import type { Api } from '../api.ts';
import { type Exchange, notAllowed } from '../exchange.ts';
import { metadataOf } from '../object-text.ts';
import { isWatch } from '../security/authorize/attributes.ts';
import { isSelected, readSelection, type Selection } from '../selection.ts';
import { sendMeasured } from '../send-measured.ts';
import type { NodeSample } from './node-sample.ts';
import { type Usage, usageOf } from './usage.ts';

/** `metrics.k8s.io`: what nodes and pods use now, by their kubelets; for `kubectl top`. */
export async function serveMetrics(api: Api, exchange: Exchange): Promise<void> {
  const { route, query } = exchange;
  if (isWatch(query)) throw notAllowed();
  const { kind, namespace, name } = route;
  if (name === '') {
    const selection = readSelection(kind, query);
    return await sendMeasured(api, exchange, await measure(api, { kind, namespace, selection }));
  }
  const owner = await api.registry.find({ kind: ownerOf(kind), namespace, name });
  const objects = owner === undefined ? [] : await metricsOf(kind)(api, [owner]);
  if (objects.length === 0) throw notFound(kind, name);
  await sendMeasured(api, exchange, objects);
}

export interface Measured {
  /** NodeMetrics or PodMetrics. */
  readonly kind: Kind;
  /** Empty for all. */
  readonly namespace: string;
  readonly selection: Selection;
}

/** What those that are selected use now. */
export async function measure(
  api: Api,
  { kind, namespace, selection }: Measured,
): Promise<readonly JsonObject[]> {
  const all = await api.registry.all(ownerOf(kind), namespace);
  return await metricsOf(kind)(
    api,
    all.filter((object) => isSelected(selection, object)),
  );
}

function ownerOf({ kind }: Kind): Kind {
  return coreKind(kind === 'NodeMetrics' ? 'Node' : 'Pod');
}

function metricsOf({ kind }: Kind): typeof metricsOfPods {
  return kind === 'NodeMetrics' ? metricsOfNodes : metricsOfPods;
}

async function metricsOfNodes(
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
async function metricsOfPods(
  api: Api,
  pods: readonly JsonObject[],
): Promise<readonly JsonObject[]> {
  const running = pods.filter((pod) => nodeOf(pod) !== '' && !isTerminal(pod));
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
    usageOf(
      own
        .map((containers) => containers?.get(container))
        .filter((reading) => reading !== undefined),
    ),
  );
  const known = uses.filter((use) => use !== undefined);
  const [first] = known;
  // A sum that lacks a container would have an autoscaler take away what is needed.
  if (first === undefined || known.length < names.length) return [];
  const containers = known.map((use, index) => ({ name: names[index], usage: amountsOf(use) }));
  return [{ ...headOf(pod, first), containers }];
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
  return writeTime(Math.floor(ms / 1000));
}

function nodeOf(pod: JsonObject): string {
  return textOf(objectIn(pod, 'spec')['nodeName']);
}

function coreKind(name: string): Kind {
  const kind = findKind('v1', name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}
