import type { Bench, BenchCase, Side } from './bench.ts';
import { quantile, rounded, type Samples } from './quantile.ts';
import { printTable } from './table.ts';

/** One warm-up round, then the counted ones in turn; prints a table and a JSON line a peer. */
export async function measure(name: string, bench: Bench): Promise<void> {
  console.log(`${name}: ${bench.question}`);
  await using prepared = await bench.prepare();
  for (const benchCase of prepared.cases) {
    const samples = await measureCase(benchCase);
    printTable(benchCase, samples);
    for (const line of comparisons(name, benchCase, samples)) console.log(JSON.stringify(line));
  }
}

async function measureCase(benchCase: BenchCase): Promise<Samples> {
  const sides = [benchCase.ours, ...benchCase.peers];
  const samples = new Map<Side, number[]>(sides.map((side) => [side, []]));
  for (let round = -1; round < benchCase.rounds; round++) {
    for (const side of sides) {
      const values = await side.run();
      if (round >= 0) samples.get(side)?.push(...values);
    }
  }
  return samples;
}

interface Comparison {
  bench: string;
  case: string;
  peerName: string | null;
  unit: string;
  ours: number;
  peer: number | null;
  ratio: number | null;
}

function comparisons(bench: string, benchCase: BenchCase, samples: Samples): Comparison[] {
  const ours = quantile(samples.get(benchCase.ours) ?? [], 0.5);
  const base = { bench, case: benchCase.case, unit: benchCase.unit, ours: rounded(ours) };
  if (benchCase.peers.length === 0) return [{ ...base, peerName: null, peer: null, ratio: null }];
  return benchCase.peers.map((side) => {
    const peer = quantile(samples.get(side) ?? [], 0.5);
    return { ...base, peerName: side.name, peer: rounded(peer), ratio: rounded(ours / peer) };
  });
}
