/** What had been used by one moment. */
export interface Reading {
  readonly atMs: number;
  /** Counted since the beginning; undefined where the kubelet does not know. */
  readonly cpuSeconds: number | undefined;
  readonly memoryBytes: number | undefined;
  /** When a container began; its seconds count from here. */
  readonly startedAtMs: number | undefined;
}

/** One answer of a kubelet's `/metrics/resource`. */
export interface NodeSample {
  readonly node: Reading;
  /** By name, of pods by `namespace/name`. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Reading>>;
}

type Field = Exclude<keyof Reading, 'atMs'>;

const fields = new Map<string, { readonly field: Field; readonly factor: number }>([
  ['node_cpu_usage_seconds_total', { field: 'cpuSeconds', factor: 1 }],
  ['node_memory_working_set_bytes', { field: 'memoryBytes', factor: 1 }],
  ['container_cpu_usage_seconds_total', { field: 'cpuSeconds', factor: 1 }],
  ['container_memory_working_set_bytes', { field: 'memoryBytes', factor: 1 }],
  ['container_start_time_seconds', { field: 'startedAtMs', factor: 1000 }],
]);

const linePattern = /^([a-z_]+)(?:\{([^}]*)\})? (\S+)(?: (\d{1,15}))?$/;
const labelPattern = /(\w+)="([^"\\]*)"/g;

type Draft = { -readonly [Key in keyof Reading]: Reading[Key] };

/** Reads Prometheus' text; lines that say something else, or are damaged, are left out. */
export function readNodeSample(text: string, nowMs: number): NodeSample {
  const blank = (): Draft => ({
    atMs: nowMs,
    cpuSeconds: undefined,
    memoryBytes: undefined,
    startedAtMs: undefined,
  });
  const node = blank();
  const pods = new Map<string, Map<string, Draft>>();
  for (const line of text.split('\n')) {
    const [, name = '', labelText = '', number = '', stamp] = linePattern.exec(line) ?? [];
    const known = fields.get(name);
    const value = Number(number);
    if (known === undefined || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) continue;
    const reading = name.startsWith('node_') ? node : containerAt(pods, labelText, blank);
    if (reading === undefined) continue;
    reading[known.field] = value * known.factor;
    if (known.field === 'cpuSeconds' && stamp !== undefined) reading.atMs = Number(stamp);
  }
  return { node, pods };
}

function containerAt(
  pods: Map<string, Map<string, Draft>>,
  labelText: string,
  blank: () => Draft,
): Draft | undefined {
  const labels = new Map(
    [...labelText.matchAll(labelPattern)].map(([, key = '', value = '']) => [key, value] as const),
  );
  const [namespace, pod, container] = ['namespace', 'pod', 'container'].map((key) =>
    labels.get(key),
  );
  if (namespace === undefined || pod === undefined || container === undefined) return undefined;
  const name = `${namespace}/${pod}`;
  const containers = pods.get(name) ?? new Map<string, Draft>();
  pods.set(name, containers);
  const reading = containers.get(container) ?? blank();
  containers.set(container, reading);
  return reading;
}
