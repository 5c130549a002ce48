import t from 'tap';
import type { JsonObject } from '../../../src/api/json.ts';
import { kinds } from '../../../src/api/kinds.ts';
import { formatDuration } from '../../../src/api/table/duration.ts';
import { summarize } from '../../../src/api/table/pod.ts';
import { renderTable } from '../../../src/api/table/table.ts';

const nowMs = Date.parse('2026-01-02T03:04:05Z');
const options = {
  nowMs,
  include: 'Metadata',
  apiVersion: 'meta.k8s.io/v1',
  listMetadata: {},
  withColumns: true,
} as const;

/** Columns and cells of one object as kubectl prints them: name to text. */
function shown(kind: string, object: JsonObject): Record<string, unknown> {
  const table = renderTable({ builtIn: kind }, [object], options) as {
    columnDefinitions: { name: string }[];
    rows: { cells: unknown[] }[];
  };
  const cells = table.rows[0]?.cells ?? [];
  return Object.fromEntries(table.columnDefinitions.map(({ name }, at) => [name, cells[at]]));
}

t.test('ages are written as kubectl writes them', async (t) => {
  const ages: Record<number, string> = {
    0: '0s',
    119: '119s',
    120: '2m',
    125: '2m5s',
    600: '10m',
    10_799: '179m',
    10_800: '3h',
    11_160: '3h6m',
    30_000: '8h',
    172_799: '47h',
    172_800: '2d',
    187_200: '2d4h',
    691_200: '8d',
    63_072_000: '2y',
    72_000_000: '2y103d',
    252_288_000: '8y',
  };
  for (const [seconds, words] of Object.entries(ages)) {
    t.equal(formatDuration(Number(seconds) * 1000), words, `${seconds} s`);
  }
  t.equal(formatDuration(-500), '0s');
  t.equal(formatDuration(-5000), '<invalid>');
});

const running = { name: 'a', ready: true, state: { running: {} }, restartCount: 0 };
const spec = { containers: [{ name: 'a' }] };

const waiting = (reason: string) => ({ name: 'a', ready: false, state: { waiting: { reason } } });
const ended = (terminated: JsonObject) => ({ name: 'a', ready: false, state: { terminated } });

t.test("a pod's status is one word", async (t) => {
  const cases: [string, JsonObject][] = [
    ['Running', { spec, status: { phase: 'Running', containerStatuses: [running] } }],
    ['Pending', { spec, status: { phase: 'Pending' } }],
    [
      'ImagePullBackOff',
      { spec, status: { phase: 'Pending', containerStatuses: [waiting('ImagePullBackOff')] } },
    ],
    [
      'Completed',
      {
        spec,
        status: {
          phase: 'Succeeded',
          containerStatuses: [ended({ exitCode: 0, reason: 'Completed' })],
        },
      },
    ],
    [
      'ExitCode:3',
      { spec, status: { phase: 'Failed', containerStatuses: [ended({ exitCode: 3 })] } },
    ],
    [
      'Signal:9',
      {
        spec,
        status: { phase: 'Failed', containerStatuses: [ended({ exitCode: 137, signal: 9 })] },
      },
    ],
    ['Evicted', { spec, status: { phase: 'Failed', reason: 'Evicted' } }],
    [
      'Terminating',
      {
        metadata: { deletionTimestamp: 'x' },
        spec,
        status: { phase: 'Running', containerStatuses: [running] },
      },
    ],
    [
      'Unknown',
      {
        metadata: { deletionTimestamp: 'x' },
        spec,
        status: { phase: 'Running', reason: 'NodeLost' },
      },
    ],
    [
      'Init:0/2',
      {
        spec: { ...spec, initContainers: [{ name: 'i' }, { name: 'j' }] },
        status: {
          phase: 'Pending',
          initContainerStatuses: [
            { name: 'i', state: { running: {} } },
            { name: 'j', state: { waiting: { reason: 'PodInitializing' } } },
          ],
        },
      },
    ],
    [
      'Init:CrashLoopBackOff',
      {
        spec: { ...spec, initContainers: [{ name: 'i' }] },
        status: {
          phase: 'Pending',
          initContainerStatuses: [
            { name: 'i', state: { waiting: { reason: 'CrashLoopBackOff' } } },
          ],
        },
      },
    ],
    [
      'SchedulingGated',
      {
        spec,
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', reason: 'SchedulingGated' }],
        },
      },
    ],
  ];
  for (const [word, pod] of cases) t.equal(summarize(pod).reason, word);
});

t.test('kubectl get pods has its columns', async (t) => {
  const pod = {
    metadata: { name: 'web', creationTimestamp: '2026-01-02T03:00:05Z' },
    spec: { ...spec, nodeName: 'n1' },
    status: {
      phase: 'Running',
      podIP: '10.1.0.5',
      containerStatuses: [
        {
          ...running,
          restartCount: 2,
          lastState: { terminated: { finishedAt: '2026-01-02T03:03:05Z' } },
        },
      ],
    },
  };
  t.same(shown('Pod', pod), {
    Name: 'web',
    Ready: '1/1',
    Status: 'Running',
    Restarts: '2 (60s ago)',
    Age: '4m',
    IP: '10.1.0.5',
    Node: 'n1',
    'Nominated Node': '<none>',
    'Readiness Gates': '<none>',
  });
});

t.test('services, deployments, nodes and jobs have theirs', async (t) => {
  t.match(
    shown('Service', {
      metadata: { name: 's' },
      spec: {
        type: 'NodePort',
        clusterIP: '10.0.0.1',
        ports: [{ port: 80, nodePort: 30_080, protocol: 'TCP' }],
        selector: { app: 'web' },
      },
    }),
    {
      Type: 'NodePort',
      'Cluster-IP': '10.0.0.1',
      'External-IP': '<none>',
      'Port(s)': '80:30080/TCP',
      Selector: 'app=web',
    },
  );
  t.match(
    shown('Deployment', {
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: { spec: { containers: [{ name: 'a', image: 'x' }] } },
      },
      status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2 },
    }),
    {
      Ready: '2/3',
      'Up-to-date': 3,
      Available: 2,
      Containers: 'a',
      Images: 'x',
      Selector: 'app=web',
    },
  );
  t.match(
    shown('Node', {
      metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '10.0.0.2' }],
      },
    }),
    {
      Status: 'Ready,SchedulingDisabled',
      Roles: 'control-plane',
      'Internal-IP': '10.0.0.2',
      'External-IP': '<none>',
    },
  );
  t.match(shown('Job', { spec: { completions: 3 }, status: { succeeded: 1 } }), {
    Status: 'Running',
    Completions: '1/3',
  });
  t.match(
    shown('PersistentVolumeClaim', {
      spec: { volumeName: 'v' },
      status: { phase: 'Bound', accessModes: ['ReadWriteOnce'] },
    }),
    {
      Status: 'Bound',
      'Access Modes': 'RWO',
    },
  );
});

t.test('every kind shows an object with nothing in it', async (t) => {
  for (const { kind } of kinds) t.ok(Object.keys(shown(kind, {})).length >= 2, kind);
});

t.test('rows carry as much of their object as was asked for', async (t) => {
  const pod = { metadata: { name: 'web' }, spec };
  const rows = (include: 'None' | 'Metadata' | 'Object') =>
    renderTable({ builtIn: 'Pod' }, [pod], { ...options, include })['rows'];
  t.notMatch(rows('None'), [{ object: {} }]);
  t.match(rows('Metadata'), [
    { object: { kind: 'PartialObjectMetadata', metadata: { name: 'web' } } },
  ]);
  t.match(rows('Object'), [{ object: pod }]);
});
