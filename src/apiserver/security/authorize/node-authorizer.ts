import { fieldsIn } from './attributes.ts';
import { readRules } from '../default/rule-text.ts';
import { nodeRules } from '../default/node-rules.ts';
import { nodeOf, type User } from '../user.ts';
import { type Attributes, isPath, type ResourceAttributes } from './attributes.ts';
import type { Decision } from './decision.ts';
import type { NodeRelations } from './node-relations.ts';
import { Rule } from './rule.ts';

const allowed: Decision = { allowed: true, reason: '' };
const unrelated = (node: string): Decision => ({
  allowed: false,
  reason: `no relationship found between node '${node}' and this object`,
});

/**
 * What a kubelet may: read and report what belongs to its node and to the pods bound to it.
 * Undefined for anybody who is no node.
 */
export function decideForNode(
  relations: NodeRelations,
  user: User,
  attributes: Attributes,
): Decision | undefined {
  const node = nodeOf(user);
  if (node === '' || isPath(attributes)) return undefined;
  // What is related now may not have been then.
  if (attributes.subresource === 'history') return unrelated(node);
  const whole = `${attributes.group}/${attributes.resource}`;
  const own = ownRules[whole];
  const decision = own?.(relations, node, attributes);
  if (decision !== undefined) return decision;
  const isAllowed = compiled.some((rule) => rule.allows(attributes));
  return isAllowed ? allowed : { allowed: false, reason: '' };
}

const compiled = readRules(nodeRules).map((rule) => new Rule(rule));

type OwnRule = (
  relations: NodeRelations,
  node: string,
  attributes: ResourceAttributes,
) => Decision | undefined;

/** Resources of which a node has its own alone; undefined goes on with the general rules. */
const ownRules: Readonly<Record<string, OwnRule>> = {
  '/secrets': readRelated,
  '/configmaps': readRelated,
  '/persistentvolumeclaims': readRelated,
  '/persistentvolumes': (relations, node, { verb, subresource, name }) => {
    const reads = verb === 'get' && relations.isVolumeRelated(node, name);
    const isOwn = subresource === '' && relations.isFolderOf(node, name);
    return reads || (isOwn && /^(get|patch)$/.test(verb)) ? allowed : unrelated(node);
  },
  'storage.k8s.io/volumeattachments': (relations, node, { verb, name }) =>
    verb === 'get' && relations.isAttachedTo(node, name) ? allowed : unrelated(node),
  '/serviceaccounts': (relations, node, { verb, subresource, namespace, name }) => {
    const isToken = verb === 'create' && subresource === 'token';
    if (!isToken && !(verb === 'get' && subresource === '')) return unrelated(node);
    return related(relations, node, `serviceaccounts/${namespace}/${name}`);
  },
  '/pods': readPods,
  '/nodes': readNodes,
  'coordination.k8s.io/leases': (_relations, node, { verb, namespace, name }) => {
    const isOwn = name === node || (verb === 'create' && name === '');
    return namespace === 'kube-node-lease' && isOwn && /create|get|update|patch|delete/.test(verb)
      ? allowed
      : { allowed: false, reason: `can only access node lease with the same name as the node` };
  },
  'storage.k8s.io/csinodes': (_relations, node, { verb, name }) =>
    name === node || (verb === 'create' && name === '')
      ? undefined
      : { allowed: false, reason: 'can only access CSINode with the same name as the node' },
};

function readRelated(
  relations: NodeRelations,
  node: string,
  { verb, resource, subresource, namespace, name }: ResourceAttributes,
): Decision | undefined {
  if (subresource !== '') return subresource === 'status' ? undefined : unrelated(node);
  const reads = resource === 'persistentvolumeclaims' ? /^get$/ : /^(get|list|watch)$/;
  if (!reads.test(verb)) return { allowed: false, reason: `can only read resources of this type` };
  if (name === '') {
    return { allowed: false, reason: 'can only read namespaced object of this type' };
  }
  return related(relations, node, `${resource}/${namespace}/${name}`);
}

function related(relations: NodeRelations, node: string, reference: string): Decision {
  return relations.isRelated(node, reference) ? allowed : unrelated(node);
}

function readPods(
  relations: NodeRelations,
  node: string,
  { verb, subresource, namespace, name, fieldSelector = '' }: ResourceAttributes,
): Decision | undefined {
  if (subresource !== '') return undefined;
  if (verb === 'get') return related(relations, node, `pods/${namespace}/${name}`);
  if (verb !== 'list' && verb !== 'watch') return undefined;
  const own = fieldsIn(fieldSelector).some(
    ({ field, equal, value }) => field === 'spec.nodeName' && equal && value === node,
  );
  if (own) return allowed;
  const reason = 'can only list/watch pods with spec.nodeName field selector';
  return { allowed: false, reason };
}

function readNodes(
  _relations: NodeRelations,
  node: string,
  { verb, subresource, name }: ResourceAttributes,
): Decision | undefined {
  if (subresource !== '' || !/^(get|list|watch)$/.test(verb) || name === node) return undefined;
  const what = name === '' ? 'all nodes' : `'${name}'`;
  const reason = `node '${node}' cannot read ${what}, only its own Node object`;
  return { allowed: false, reason };
}
