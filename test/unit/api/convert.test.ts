import t from 'tap';
import { fromStored, isStoredForm, toStored } from '../../../src/api/convert/convert.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { Kind } from '../../../src/api/kind.ts';
import { findKind, kinds } from '../../../src/api/kinds.ts';

function kindOf(apiVersion: string, name: string): Kind {
  const kind = findKind(apiVersion, name);
  if (kind === undefined) throw new Error(name);
  return kind;
}

/** What a client of a version gets back for what it sent. */
function roundTrip(kind: Kind, object: JsonObject): JsonObject {
  const { apiVersion: _version, kind: _kind, ...rest } = fromStored(kind, toStored(kind, object));
  return rest;
}

t.test('an old ingress is stored as a new one, and comes back as it was', async (t) => {
  const kind = kindOf('extensions/v1beta1', 'Ingress');
  const old = {
    spec: {
      backend: { serviceName: 'web', servicePort: 'http' },
      rules: [
        {
          host: 'a',
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { serviceName: 'b', servicePort: 80 } },
            ],
          },
        },
      ],
    },
  };
  t.same(toStored(kind, old), {
    spec: {
      defaultBackend: { service: { name: 'web', port: { name: 'http' } } },
      rules: [
        {
          host: 'a',
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: 'b', port: { number: 80 } } },
              },
            ],
          },
        },
      ],
    },
  });
  t.same(roundTrip(kind, old), old);
  const bare = {
    spec: { rules: [{ http: { paths: [{ backend: { serviceName: 'b', servicePort: 1 } }] } }] },
  };
  t.match(toStored(kind, bare), {
    spec: { rules: [{ http: { paths: [{ pathType: 'ImplementationSpecific' }] } }] },
  });
});

t.test('events have two sets of names', async (t) => {
  const kind = kindOf('events.k8s.io/v1', 'Event');
  const event = { regarding: { name: 'web' }, note: 'hi', deprecatedCount: 2, reason: 'R' };
  t.same(toStored(kind, event), {
    involvedObject: { name: 'web' },
    message: 'hi',
    count: 2,
    reason: 'R',
  });
  t.same(roundTrip(kind, event), event);
});

t.test('an autoscaler of v1 loses nothing that v2 has', async (t) => {
  const kind = kindOf('autoscaling/v1', 'HorizontalPodAutoscaler');
  const old = {
    metadata: { name: 'web' },
    spec: { maxReplicas: 3, targetCPUUtilizationPercentage: 70 },
  };
  t.match(toStored(kind, old), {
    spec: { metrics: [{ resource: { target: { averageUtilization: 70 } } }] },
  });
  t.same(roundTrip(kind, old), old);
  const stored = {
    metadata: { name: 'web', annotations: { a: 'b' } },
    spec: {
      maxReplicas: 3,
      metrics: [{ type: 'Pods', pods: { metric: { name: 'x' } } }],
      behavior: { scaleUp: { selectPolicy: 'Max' } },
    },
  };
  const { apiVersion: _version, kind: _kind, ...back } = fromStored(kind, stored);
  t.same(toStored(kind, back), stored);
  const hostile = { metadata: { annotations: { 'autoscaling.alpha.kubernetes.io/metrics': '{' } } };
  t.doesNotThrow(() => toStored(kind, hostile));
});

t.test('an object comes with the name and version that was asked for', async (t) => {
  const kind = kindOf('apps/v1beta2', 'Deployment');
  const stored = { kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'web' } };
  t.same(fromStored(kind, stored), {
    kind: 'Deployment',
    apiVersion: 'apps/v1beta2',
    metadata: { name: 'web' },
  });
  t.equal(kinds.filter((entry) => !isStoredForm(entry)).length, 4);
});
