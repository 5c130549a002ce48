export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | undefined;
  /** When it was taken; absent for now. */
  readonly atMs?: number;
}

/** One family of metrics in Prometheus' text; nothing where there are no samples. */
export function familyText(
  { name, help, type }: { name: string; help: string; type: 'counter' | 'gauge' },
  samples: readonly Sample[],
): string {
  const lines = samples.flatMap(({ labels = {}, value, atMs }) => {
    if (value === undefined || !Number.isFinite(value)) return [];
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    const where = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
    return [`${name}${where} ${value}${atMs === undefined ? '' : ` ${Math.trunc(atMs)}`}\n`];
  });
  if (lines.length === 0) return '';
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
