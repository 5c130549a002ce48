import type { BenchCase } from './bench.ts';
import { quantile, rounded, type Samples } from './quantile.ts';

export function printTable(benchCase: BenchCase, samples: Samples): void {
  const rows = [...samples].map(([side, values]) => ({
    side: side.name,
    samples: values.length,
    [`p50 ${benchCase.unit}`]: rounded(quantile(values, 0.5)),
    [`p99 ${benchCase.unit}`]: rounded(quantile(values, 0.99)),
    min: rounded(Math.min(...values)),
  }));
  if (benchCase.case !== '') console.log(`case ${benchCase.case}`);
  console.table(rows);
}
