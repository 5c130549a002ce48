import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type JsonObject, textOf } from '../../api/json.ts';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Kubelets } from '../kubelet/kubelets.ts';
import { passOn } from '../kubelet/pass-on.ts';
import { metadataOf } from '../object-text.ts';
import { type NodeSample, readNodeSample } from './node-sample.ts';

interface Meter {
  samples: readonly NodeSample[];
  readMs: number;
  reading: Promise<void> | undefined;
}

/** Readings younger than this are shown again. */
const freshMs = 10_000;
/** Older ones say nothing of what is used now. */
const keptMs = 120_000;
/** Between the first two readings of a node that nobody has asked about. */
const apartMs = 1000;

/**
 * What the kubelets count, read when somebody asks: a cluster that nobody looks at is not measured.
 * Who asks first waits a second, for a share of a processor takes two readings.
 */
export class NodeMeters {
  readonly #kubelets: Kubelets;
  readonly #meters = new Map<string, Meter>();
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(kubelets: Kubelets) {
    this.#kubelets = kubelets;
  }

  /** A node's readings, newest last; none where its kubelet does not answer. */
  async of(node: JsonObject): Promise<readonly NodeSample[]> {
    this.#forgetOld();
    const name = textOf(metadataOf(node)['name']);
    const meter = this.#meters.get(name) ?? { samples: [], readMs: -Infinity, reading: undefined };
    this.#meters.set(name, meter);
    if (performance.now() - meter.readMs > freshMs) {
      meter.reading ??= this.#read(meter, node).finally(() => (meter.reading = undefined));
    }
    await meter.reading;
    return meter.samples;
  }

  #forgetOld(): void {
    const oldest = performance.now() - keptMs;
    for (const [name, { readMs, reading }] of this.#meters) {
      if (readMs < oldest && reading === undefined) this.#meters.delete(name);
    }
  }

  async #read(meter: Meter, node: JsonObject): Promise<void> {
    try {
      const first = await this.#ask(node);
      meter.samples = [...meter.samples.slice(-1), first];
      if (meter.samples.length === 1) {
        await sleep(apartMs, undefined, { ref: false });
        meter.samples = [first, await this.#ask(node)];
      }
    } catch {
      // A node that is away is one that nothing is said about.
      meter.samples = [];
    }
    meter.readMs = performance.now();
  }

  async #ask(node: JsonObject): Promise<NodeSample> {
    while (this.#underWay >= limits.apiMeteredNodes) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#underWay += 1;
    try {
      const target = this.#kubelets.targetOf(node, '/metrics/resource');
      const signal = AbortSignal.timeout(limits.apiMeterMs);
      const asked = { target, method: 'GET', headers: {}, signal };
      return readNodeSample(await textOfAnswer(await passOn(this.#kubelets, asked)), Date.now());
    } finally {
      this.#underWay -= 1;
      this.#waiting.shift()?.();
    }
  }
}

async function textOfAnswer(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > limits.apiMeterBytes) {
      throw new DomainError('exhausted', `A kubelet's metrics are longer than ${bytes} bytes`);
    }
    parts.push(part);
  }
  if (answer.statusCode !== 200) {
    throw new DomainError('unavailable', `A kubelet answers ${answer.statusCode}`);
  }
  return Buffer.concat(parts).toString('utf8');
}
