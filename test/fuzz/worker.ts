/** The thread that fuzzes; the main one watches it, because a parser may never come back. */
import { parentPort, workerData } from 'node:worker_threads';
import { corpusOf, keepCase, loadTarget } from './corpus.ts';
import { Coverage } from './coverage.ts';
import { findingOf, type FuzzTarget } from './fuzz-target.ts';
import { maximumInput, mutate } from './mutate.ts';
import { Random } from './random.ts';

export interface FuzzOrder {
  readonly name: string;
  readonly seed: number;
  readonly milliseconds: number;
  /** 4 bytes of a counter, 4 of a length, then the input that is being tried. */
  readonly shared: SharedArrayBuffer;
}

export interface FuzzReport {
  readonly runs: number;
  readonly corpus: number;
  readonly coveredBytes: number;
  readonly findings: readonly { readonly path: string; readonly what: string }[];
}

const batchSize = 200;
const maximumFindings = 20;

if (parentPort !== null) {
  const order = workerData as FuzzOrder;
  parentPort.postMessage(fuzz(order, await loadTarget(order.name)));
}

function fuzz(order: FuzzOrder, target: FuzzTarget): FuzzReport {
  const random = new Random(order.seed);
  const corpus = corpusOf(order.name, target);
  const findings = new Map<string, string>();
  const [state, current] = [new Uint32Array(order.shared, 0, 2), new Uint8Array(order.shared, 8)];
  using coverage = new Coverage(new URL('../../src/', import.meta.url).href);
  let runs = 0;
  const attempt = (input: Buffer): void => {
    current.set(input);
    state[1] = input.length;
    state[0] = (state[0] ?? 0) + 1;
    runs += 1;
    const finding = findingOf(target, input);
    if (finding === undefined) return;
    const what = describe(finding);
    if (!findings.has(what)) findings.set(what, keepCase(order.name, input));
  };
  corpus.forEach(attempt);
  coverage.add();
  const end = performance.now() + order.milliseconds;
  while (performance.now() < end && findings.size < maximumFindings) {
    const batch = Array.from({ length: batchSize }, () => mutate(target, corpus, random));
    batch.forEach(attempt);
    // Taking it costs as much as a hundred runs: once a batch, then once more for who it was.
    if (coverage.look() === 0) continue;
    for (const input of batch) {
      findingOf(target, input);
      if (coverage.add() > 0) corpus.push(input);
    }
  }
  const reports = [...findings].map(([what, path]) => ({ what, path }));
  return { runs, corpus: corpus.length, coveredBytes: coverage.bytes, findings: reports };
}

/** One finding for each place in the sources, however many inputs lead there. */
function describe(finding: unknown): string {
  if (!(finding instanceof Error)) return String(finding);
  const place = finding.stack?.split('\n').find((line) => line.includes('/src/'));
  return place === undefined ? finding.message : `${finding.name} ${place.trim()}`;
}

export const sharedBytes = 8 + maximumInput;
