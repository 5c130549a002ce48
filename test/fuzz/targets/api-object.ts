import { ApiError } from '../../../src/api/status.ts';
import { applyDefaults } from '../../../src/api/default/apply-defaults.ts';
import { copyOf, equal } from '../../../src/api/json.ts';
import { findKind } from '../../../src/api/kinds.ts';
import type { Kind } from '../../../src/api/kind.ts';
import { messageType } from '../../../src/api/schema/schema.ts';
import { renderTable } from '../../../src/api/table/table.ts';
import { faultsOf } from '../../../src/api/validate/validate.ts';
import { decodeBody } from '../../../src/apiserver/read-body.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

const table = {
  nowMs: 0,
  include: 'None',
  apiVersion: 'meta.k8s.io/v1',
  listMetadata: {},
  withColumns: true,
} as const;

/** Bodies of requests: read, filled, checked and shown, whatever they say. */
export const target: FuzzTarget = {
  json: true,
  run(input) {
    try {
      const { kind, object } = decodeBody('application/json', input, podKind());
      const filled = copyOf(object);
      applyDefaults(messageType(kind.type), filled);
      const again = copyOf(filled);
      applyDefaults(messageType(kind.type), again);
      hold(equal(again, filled), 'what is filled stays as it is');
      const wrong = faultsOf(kind, { metadata: {}, ...filled });
      if (wrong.length === 0) renderTable(kind, [{ metadata: {}, ...filled }], table);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      hold(error.code < 500, `a body is the client's own fault: ${error.message}`);
    }
  },
  seeds: [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', labels: { app: 'web' }, annotations: { a: 'b' } },
      spec: {
        containers: [
          {
            name: 'a',
            image: 'nginx:1',
            ports: [{ containerPort: 80, hostPort: 8080 }],
            env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
            resources: { limits: { cpu: '500m', memory: '1Gi' } },
            livenessProbe: { httpGet: { port: 80 } },
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
        tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        strategy: { rollingUpdate: { maxSurge: '25%' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'a', image: 'x' }] },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's' },
      spec: { type: 'NodePort', ports: [{ port: 80, targetPort: 'web', nodePort: 30_000 }] },
    },
    {
      apiVersion: 'extensions/v1beta1',
      kind: 'Ingress',
      metadata: { name: 'i' },
      spec: { rules: [{ http: { paths: [{ backend: { serviceName: 's', servicePort: 80 } }] } }] },
    },
  ].map((object) => JSON.stringify(object)),
  words: ['__proto__', 'matchExpressions', 'null', '"operator":"In"', '1e999', '-1', '\\u0000'],
};

function podKind(): Kind {
  const kind = findKind('v1', 'Pod');
  if (kind === undefined) throw new Error('no kind Pod');
  return kind;
}
