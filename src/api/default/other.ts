import { type Draft, isObject } from '../json.ts';
import { type DefaultTable, each, fill, fillEmpty, isEmpty } from './rule.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

/** Kinds whose defaults are few. */
export const otherDefaults: DefaultTable = {
  'apiextensions.v1.CustomResourceDefinitionSpec': [
    fill({ conversion: { strategy: 'None' } }),
    fillNames,
  ],
  'networking.v1.Ingress': [fill({ status: { loadBalancer: {} } })],
  'networking.v1.IngressClassParametersReference': [fill({ scope: 'Cluster' })],
  'networking.v1.NetworkPolicySpec': [fillPolicyTypes],
  'networking.v1.NetworkPolicyPort': [fill({ protocol: 'TCP' })],
  'storage.v1.StorageClass': [fill({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' })],
  'storage.v1.CSIDriverSpec': [
    fill({
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      volumeLifecycleModes: ['Persistent'],
      requiresRepublish: false,
      seLinuxMount: false,
    }),
  ],
  'discovery.v1.EndpointPort': [fill({ name: '', protocol: 'TCP' })],
  'scheduling.v1.PriorityClass': [fill({ preemptionPolicy: 'PreemptLowerPriority' })],
  'policy.v1.PodDisruptionBudget': [fill({ spec: {}, status: {} })],
  'policy.v1.PodDisruptionBudgetStatus': [
    fill({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
  ],
  'authentication.v1.TokenRequestSpec': [fill({ expirationSeconds: 3600 })],
  'certificates.v1.CertificateSigningRequest': [fill({ status: {} })],
  'autoscaling.v1.HorizontalPodAutoscalerSpec': [fill({ minReplicas: 1 })],
  'autoscaling.v2.HorizontalPodAutoscalerSpec': [fill({ minReplicas: 1 }), fillMetrics],
  'autoscaling.v2.HorizontalPodAutoscalerBehavior': [fillBehaviour],
  'rbac.v1.RoleRef': [fillEmpty({ apiGroup: rbacGroup })],
  'rbac.v1.Subject': [fillSubject],
};

/** Names that follow from the kind. */
function fillNames({ names }: Draft): void {
  if (!isObject(names)) return;
  const { kind } = names;
  if (typeof kind !== 'string' || kind === '') return;
  fillEmpty({ singular: kind.toLowerCase(), listKind: `${kind}List` })(names);
}

function fillPolicyTypes(spec: Draft): void {
  if (!isEmpty(spec['policyTypes'])) return;
  spec['policyTypes'] = isEmpty(spec['egress']) ? ['Ingress'] : ['Ingress', 'Egress'];
}

function fillMetrics(spec: Draft): void {
  if (!isEmpty(spec['metrics'])) return;
  const target = { type: 'Utilization', averageUtilization: 80 };
  spec['metrics'] = [{ type: 'Resource', resource: { name: 'cpu', target } }];
}

/** Up at most to the double or by four pods in 15 s; down to any number, after five minutes. */
function fillBehaviour(behaviour: Draft): void {
  const up = {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  };
  const down = {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  };
  for (const [name, values] of Object.entries({ scaleUp: up, scaleDown: down })) {
    const rules = behaviour[name];
    behaviour[name] = { ...values, ...(isObject(rules) && withoutEmptyLists(rules)) };
  }
}

function withoutEmptyLists(rules: Draft): Draft {
  const noPolicies = each(rules, 'policies').length === 0;
  return Object.fromEntries(
    Object.entries(rules).filter(([name]) => name !== 'policies' || !noPolicies),
  );
}

function fillSubject(subject: Draft): void {
  if (subject['kind'] === 'User' || subject['kind'] === 'Group') {
    fillEmpty({ apiGroup: rbacGroup })(subject);
  }
}
