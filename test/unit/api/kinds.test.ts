import t from 'tap';
import { apiVersionOf, resourceOf } from '../../../src/api/kind.ts';
import { findKind, findResource, kinds, storedKind } from '../../../src/api/kinds.ts';
import { messageType } from '../../../src/api/schema/schema.ts';

t.test('every kind has fields, and a version that is stored', async (t) => {
  for (const kind of kinds) {
    const name = `${apiVersionOf(kind)} ${kind.kind}`;
    t.ok(messageType(kind.type).byName.has('metadata'), name);
    t.equal(storedKind(kind).storedAs, undefined, name);
    t.equal(storedKind(kind).prefix, kind.prefix, `${name} lies where its stored version lies`);
    t.equal(findResource(apiVersionOf(kind), kind.plural), kind, name);
  }
});

t.test('kinds are found as manifests and paths name them', async (t) => {
  t.match(findKind('v1', 'Pod'), { plural: 'pods', shortNames: ['po'], namespaced: true });
  t.match(findKind('apps/v1beta2', 'Deployment'), { type: 'apps.v1.Deployment' });
  t.match(findKind('extensions/v1beta1', 'Ingress'), { type: 'networking.v1beta1.Ingress' });
  t.match(findKind('events.k8s.io/v1', 'Event'), { type: 'events.v1.Event', storedAs: 'v1' });
  t.match(findKind('autoscaling/v1', 'HorizontalPodAutoscaler'), {
    type: 'autoscaling.v1.HorizontalPodAutoscaler',
  });
  t.equal(findKind('v1', 'Deployment'), undefined);
  t.equal(findResource('v1', 'nodes')?.prefix, '/registry/minions/');
  t.equal(findResource('v1', 'services')?.prefix, '/registry/services/specs/');
});

t.test('a resource is named with its group', async (t) => {
  t.equal(resourceOf({ group: 'apps', plural: 'deployments' }), 'deployments.apps');
  t.equal(resourceOf({ group: '', plural: 'pods' }), 'pods');
});
