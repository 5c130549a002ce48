/** Labels' values in the order of their names. */
type Values = readonly string[];

interface Description {
  /** The whole name, `keelson_cri_requests_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

interface Family {
  write(): Promise<string>;
}

/** Series of one metric: past so many, all others are one, whatever the labels come from. */
const maximumSeries = 1000;
const overflow = 'other';

/**
 * Metrics in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats).
 * The usual library starts a monitor that wakes the process a hundred times a second, and brings
 * what clusters of processes and push gateways need; this is the format and no more.
 */
export class MetricRegistry {
  readonly #families: Family[] = [];

  counter(description: Description): Counter {
    return this.#add(new Counter(description, 'counter'));
  }

  gauge(description: Description): Counter {
    return this.#add(new Counter(description, 'gauge'));
  }

  /** `bounds` are the buckets' upper ends, ascending, without the infinite one. */
  histogram(description: Description, bounds: readonly number[]): Histogram {
    return this.#add(new Histogram(description, bounds));
  }

  /** What is read when it is asked for: one number, or a number for each value of the one label. */
  reading(
    description: Description & { readonly type?: 'counter' | 'gauge' },
    read: () => Promise<number | Readonly<Record<string, number>>>,
  ): void {
    this.#families.push({
      async write() {
        const family = new Counter(description, description.type ?? 'gauge');
        const found = await read();
        if (typeof found === 'number') family.set(found);
        else for (const [value, number] of Object.entries(found)) family.set(number, [value]);
        return await family.write();
      },
    });
  }

  /** All of them; one that cannot be read is left out. */
  async text(): Promise<string> {
    const parts = this.#families.map((family) => family.write().catch(() => ''));
    return (await Promise.all(parts)).join('');
  }

  #add<Kind extends Family>(family: Kind): Kind {
    this.#families.push(family);
    return family;
  }
}

/** A number for each combination of the labels' values. */
export class Counter implements Family {
  readonly #description: Description;
  readonly #type: string;
  readonly #series = new Map<string, { values: Values; number: number }>();

  constructor(description: Description, type: 'counter' | 'gauge') {
    this.#description = description;
    this.#type = type;
    if ((description.labels ?? []).length === 0) this.add(0);
  }

  add(amount = 1, values: Values = []): void {
    seriesOf(this.#series, values, () => ({ number: 0 })).number += amount;
  }

  set(number: number, values: Values = []): void {
    seriesOf(this.#series, values, () => ({ number })).number = number;
  }

  async write(): Promise<string> {
    const { name, labels = [] } = this.#description;
    const lines = [...this.#series.values()].map(({ values, number }) =>
      line(name, pairs(labels, values), number),
    );
    return `${head(this.#description, this.#type)}${lines.join('')}`;
  }
}

interface Distribution {
  readonly values: Values;
  /** One more than the bounds. */
  readonly counts: number[];
  sum: number;
}

export class Histogram implements Family {
  readonly #description: Description;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Distribution>();

  constructor(description: Description, bounds: readonly number[]) {
    this.#description = description;
    this.#bounds = bounds;
    // What has no labels is there, with zero, before anything was observed.
    if ((description.labels ?? []).length === 0) this.#distribution([]);
  }

  observe(number: number, values: Values = []): void {
    const series = this.#distribution(values);
    const found = this.#bounds.findIndex((bound) => number <= bound);
    const at = found < 0 ? this.#bounds.length : found;
    series.counts[at] = (series.counts[at] ?? 0) + 1;
    series.sum += number;
  }

  async write(): Promise<string> {
    return `${head(this.#description, 'histogram')}${[...this.#series.values()]
      .map((series) => this.#lines(series))
      .join('')}`;
  }

  #distribution(values: Values): Distribution {
    const counts = (): number[] => Array.from({ length: this.#bounds.length + 1 }, () => 0);
    return seriesOf(this.#series, values, () => ({ values, counts: counts(), sum: 0 }));
  }

  #lines({ values, counts, sum }: Distribution): string {
    const { name, labels = [] } = this.#description;
    const own = pairs(labels, values);
    let total = 0;
    const buckets = counts.map((count, index) => {
      total += count;
      const bound = this.#bounds[index] ?? '+Inf';
      return line(`${name}_bucket`, [...own, `le="${bound}"`], total);
    });
    const ends = [line(`${name}_sum`, own, sum), line(`${name}_count`, own, total)];
    return [...buckets, ...ends].join('');
  }
}

function seriesOf<Series extends object>(
  all: Map<string, Series & { readonly values: Values }>,
  values: Values,
  make: () => Series,
): Series {
  const key = values.join('\0');
  const known = all.get(key);
  if (known !== undefined) return known;
  if (all.size >= maximumSeries && !values.every((value) => value === overflow)) {
    return seriesOf(
      all,
      values.map(() => overflow),
      make,
    );
  }
  const series = { ...make(), values };
  all.set(key, series);
  return series;
}

function head({ name, help }: Description, type: string): string {
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${name} ${text}\n# TYPE ${name} ${type}\n`;
}

function line(name: string, labels: readonly string[], number: number): string {
  return `${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`} ${number}\n`;
}

function pairs(labels: readonly string[], values: Values): string[] {
  return labels.map((label, index) => {
    const value = (values[index] ?? '')
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"')
      .replaceAll('\n', '\\n');
    return `${label}="${value}"`;
  });
}
