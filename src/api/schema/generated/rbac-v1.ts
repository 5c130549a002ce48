/** Fields of rbac.v1, by scripts/derive-schema.ts; not to be edited. */
export default `
Role
  metadata meta.v1.ObjectMeta 1
  rules []PolicyRule 2
ClusterRole
  metadata meta.v1.ObjectMeta 1
  rules []PolicyRule 2
  aggregationRule AggregationRule 3
RoleBinding
  metadata meta.v1.ObjectMeta 1
  subjects []Subject 2
  roleRef RoleRef 3 !
ClusterRoleBinding
  metadata meta.v1.ObjectMeta 1
  subjects []Subject 2
  roleRef RoleRef 3 !
PolicyRule
  verbs []string 1 !
  apiGroups []string 2
  resources []string 3
  resourceNames []string 4
  nonResourceURLs []string 5
AggregationRule
  clusterRoleSelectors []meta.v1.LabelSelector 1
Subject atomic
  kind string 1 !
  apiGroup string 2
  name string 3 !
  namespace string 4
RoleRef atomic
  apiGroup string 1
  kind string 2 !
  name string 3 !
`;
