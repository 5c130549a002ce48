/**
 * CustomResourceDefinitions. Where a schema may have one of several forms (`items`,
 * `additionalProperties`) and where it has fractions, it is JSON as it was written.
 */
export default `
CustomResourceDefinition
  metadata meta.v1.ObjectMeta 1
  spec CustomResourceDefinitionSpec 2 !
  status CustomResourceDefinitionStatus 3
CustomResourceDefinitionSpec
  group string 1 !
  names CustomResourceDefinitionNames 3 !
  scope string 4 !
  versions []CustomResourceDefinitionVersion 7 !
  conversion CustomResourceConversion 9
  preserveUnknownFields bool 10
CustomResourceDefinitionNames
  plural string 1 !
  singular string 2
  shortNames []string 3
  kind string 4 !
  listKind string 5
  categories []string 6
CustomResourceDefinitionVersion
  name string 1 !
  served bool 2 *
  storage bool 3 *
  deprecated bool 7
  deprecationWarning string 8 *
  schema CustomResourceValidation 4
  subresources CustomResourceSubresources 5
  additionalPrinterColumns []CustomResourceColumnDefinition 6
  selectableFields []SelectableField 9
CustomResourceConversion
  strategy string 1 !
  webhook raw 2
CustomResourceValidation
  openAPIV3Schema JSONSchemaProps 1
CustomResourceSubresources
  status raw 1
  scale CustomResourceSubresourceScale 2
CustomResourceSubresourceScale
  specReplicasPath string 1 !
  statusReplicasPath string 2 !
  labelSelectorPath string 3 *
CustomResourceColumnDefinition
  name string 1 !
  type string 2 !
  format string 3
  description string 4
  priority int32 5
  jsonPath string 6 !
SelectableField
  jsonPath string 1 !
CustomResourceDefinitionStatus
  conditions []CustomResourceDefinitionCondition 1 map=type
  acceptedNames CustomResourceDefinitionNames 2
  storedVersions []string 3
  observedGeneration int64 4
CustomResourceDefinitionCondition
  type string 1 !
  status string 2 !
  lastTransitionTime time 3
  reason string 4
  message string 5
  observedGeneration int64 6
JSONSchemaProps
  id string 1
  $schema string 2
  $ref string 3 *
  description string 4
  type string 5
  format string 6
  title string 7
  default raw 8
  maximum raw 9
  exclusiveMaximum bool 10
  minimum raw 11
  exclusiveMinimum bool 12
  maxLength int64 13 *
  minLength int64 14 *
  pattern string 15
  maxItems int64 16 *
  minItems int64 17 *
  uniqueItems bool 18
  multipleOf raw 19
  enum []raw 20
  maxProperties int64 21 *
  minProperties int64 22 *
  required []string 23
  items raw 24
  allOf []JSONSchemaProps 25
  oneOf []JSONSchemaProps 26
  anyOf []JSONSchemaProps 27
  not JSONSchemaProps 28
  properties {}JSONSchemaProps 29
  additionalProperties raw 30
  patternProperties {}JSONSchemaProps 31
  dependencies raw 32
  additionalItems raw 33
  definitions raw 34
  externalDocs ExternalDocumentation 35
  example raw 36
  nullable bool 37
  x-kubernetes-preserve-unknown-fields bool 38 *
  x-kubernetes-embedded-resource bool 39
  x-kubernetes-int-or-string bool 40
  x-kubernetes-list-map-keys []string 41
  x-kubernetes-list-type string 42 *
  x-kubernetes-map-type string 43 *
  x-kubernetes-validations []ValidationRule 44 map=rule
ExternalDocumentation
  description string 1
  url string 2
ValidationRule
  rule string 1 !
  message string 2
  messageExpression string 3
  reason string 4 *
  fieldPath string 5
  optionalOldSelf bool 6 *
`;
