import { type JsonObject, objectIn, textOf } from '../../../api/json.ts';
import { badRequest } from '../../../api/status.ts';
import type {
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '../../../api/types/generated/authorization-v1.ts';
import { type Fault, invalid } from '../../../api/validate/fault.ts';
import { invalidObject } from '../../../api/validate/fault.ts';
import type { Api } from '../../api.ts';
import type { Exchange } from '../../exchange.ts';
import type { Attributes } from '../authorize/attributes.ts';
import { nodeOf, type User } from '../user.ts';

/** Whether somebody may do something: `kubectl auth can-i --as`, kubelets' webhooks. */
export async function reviewAccess(
  api: Api,
  object: JsonObject,
  { route }: Exchange,
): Promise<JsonObject> {
  const spec = objectIn(object, 'spec') as SubjectAccessReviewSpec;
  const faults = [...attributesFaults(spec), ...subjectFaults(spec)];
  if (faults.length > 0) throw invalidObject(route.kind, '', faults);
  const asked = spec.resourceAttributes?.namespace ?? '';
  if (route.kind.namespaced && asked !== route.namespace) {
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${route.namespace}`);
  }
  const { user = '', groups = [], uid = '', extra = {} } = spec;
  return statusOf(api, { name: user, groups, uid, extra }, spec);
}

/** `kubectl auth can-i` */
export async function reviewOwnAccess(
  api: Api,
  object: JsonObject,
  { route, user }: Exchange,
): Promise<JsonObject> {
  const spec = objectIn(object, 'spec') as SubjectAccessReviewSpec;
  const faults = attributesFaults(spec);
  if (faults.length > 0) throw invalidObject(route.kind, '', faults);
  return statusOf(api, user, spec);
}

/** `kubectl auth can-i --list` */
export async function reviewOwnRules(
  api: Api,
  object: JsonObject,
  { user }: Exchange,
): Promise<JsonObject> {
  const namespace = textOf(objectIn(object, 'spec')['namespace']);
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = api.gate.rulesOf(user, namespace);
  const isNode = nodeOf(user) !== '';
  return {
    resourceRules: rules
      .filter(({ resources }) => (resources ?? []).length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames !== undefined && { resourceNames }),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => (nonResourceURLs ?? []).length > 0)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: isNode,
    ...(isNode && {
      evaluationError: 'node authorizer does not support user rule resolution',
    }),
  };
}

function statusOf(api: Api, user: User, spec: SubjectAccessReviewSpec): JsonObject {
  const { allowed, reason } = api.gate.decide(user, attributesIn(spec));
  const status: SubjectAccessReviewStatus = { allowed, ...(reason !== '' && { reason }) };
  return status;
}

function attributesIn({
  resourceAttributes,
  nonResourceAttributes,
}: SubjectAccessReviewSpec): Attributes {
  if (nonResourceAttributes !== undefined) {
    const { verb = '', path = '' } = nonResourceAttributes;
    return { verb, path };
  }
  const asked = resourceAttributes ?? {};
  const { verb = '', group = '', resource = '', subresource = '', namespace = '' } = asked;
  const { name = '', fieldSelector } = asked;
  return {
    verb,
    group,
    resource,
    subresource,
    namespace,
    name,
    fieldSelector: fieldSelector?.rawSelector ?? requirementsText(fieldSelector?.requirements),
  };
}

type Requirements = readonly {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}[];

function requirementsText(requirements: Requirements = []): string {
  return requirements
    .map(({ key, operator, values = [] }) => `${key}${operator === 'In' ? '=' : '!='}${values[0]}`)
    .join(',');
}

function attributesFaults(spec: SubjectAccessReviewSpec): Fault[] {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if ((resourceAttributes === undefined) !== (nonResourceAttributes === undefined)) return [];
  const words = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  const value = (resourceAttributes ?? null) as JsonObject | null;
  return [invalid('spec.resourceAttributes', value, words)];
}

function subjectFaults({ user = '', groups = [] }: SubjectAccessReviewSpec): Fault[] {
  if (user !== '' || groups.length > 0) return [];
  return [invalid('spec.user', '', 'at least one of user or group must be specified')];
}
