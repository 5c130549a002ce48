/** Definitions of kinds, and the schemas in them. */
export default `
apiextensions.v1.CustomResourceDefinition: A kind that the server did not know before.
apiextensions.v1.CustomResourceDefinitionSpec: What the kind is called, and how it looks.
  scope: Namespaced, or Cluster for objects that are in no namespace.
  versions: The kind's versions, each with a schema of its own.
  conversion: How objects of one version become objects of another.
  preserveUnknownFields: Of old; a schema says itself where it keeps what it does not know.
apiextensions.v1.CustomResourceDefinitionNames: What the kind is called.
  plural: The name in paths; the definition is called by it and its group.
  singular: The name for one; the kind in small letters unless given.
  shortNames: Names for who types a lot.
  listKind: The kind of lists; the kind followed by List unless given.
  categories: Groups of kinds that it is shown with, such as all.
apiextensions.v1.CustomResourceDefinitionVersion: One version of a kind.
  served: Whether the version has a path.
  storage: True for the one version that objects are stored in.
  deprecated: Who uses the version is warned.
  deprecationWarning: What the warning says.
  schema: What objects of this version look like.
  subresources: What is served beside the objects.
  additionalPrinterColumns: What kubectl get shows besides the name.
  selectableFields: Fields that objects may be selected by.
apiextensions.v1.CustomResourceConversion: How versions become one another.
  strategy: None, by which only the version's name is changed.
  webhook: Not supported by this server.
apiextensions.v1.CustomResourceValidation: What objects look like.
  openAPIV3Schema: A schema in which every field has its type.
apiextensions.v1.CustomResourceSubresources: What is served beside the objects.
  scale: The number of replicas as an object of its own.
apiextensions.v1.CustomResourceSubresourceScale: Where an object has its numbers.
  specReplicasPath: Where the wanted number is, such as .spec.replicas.
  statusReplicasPath: Where the present number is, such as .status.replicas.
  labelSelectorPath: Where a selector of pods is, as a text.
apiextensions.v1.CustomResourceColumnDefinition: One column of a table.
  format: How the value is to be shown, such as date-time or password.
  description: What the column is, for people.
  priority: 0 for what is always shown, more for what -o wide shows.
  jsonPath: Where in the object the value is.
apiextensions.v1.SelectableField: A field to select objects by.
  jsonPath: Where in the object it is: a text, a whole number or a truth value.
apiextensions.v1.CustomResourceDefinitionStatus: What has come of the definition.
  acceptedNames: The names that it has; others of its group may have had some before.
  storedVersions: Versions in which objects may lie in the store.
apiextensions.v1.CustomResourceDefinitionCondition: One thing that is or is not so about it.
apiextensions.v1.JSONSchemaProps: One level of a schema.
  id: Not supported.
  $schema: Which language of schemas it is in.
  $ref: Not supported.
  description: What the value is for; shown by kubectl explain.
  format: The form of a text or number, such as date-time, ipv4 or int32.
  title: A name for people.
  default: What it is where nothing is said.
  maximum: The largest number allowed.
  exclusiveMaximum: Whether the largest number itself is too large.
  minimum: The smallest number allowed.
  exclusiveMinimum: Whether the smallest number itself is too small.
  maxLength: How many letters there may be.
  minLength: How many letters there have to be.
  pattern: A regular expression that has to be found in the text.
  maxItems: How many entries there may be.
  minItems: How many entries there have to be.
  uniqueItems: Not supported; a list of type set has no entry twice.
  multipleOf: A number that the value has to be a multiple of.
  enum: The values allowed.
  maxProperties: How many fields there may be.
  minProperties: How many fields there have to be.
  items: What the entries of a list look like.
  allOf: Schemas that have to hold all.
  oneOf: Schemas of which exactly one has to hold.
  anyOf: Schemas of which at least one has to hold.
  not: A schema that may not hold.
  properties: The fields, by their names.
  additionalProperties: What stands under names that are free.
  patternProperties: Not supported.
  required: Fields that have to be there.
  dependencies: Not supported.
  additionalItems: Not supported.
  definitions: Not supported.
  externalDocs: Where more is written about it.
  example: What it may look like.
  nullable: Whether null is a value.
  x-kubernetes-preserve-unknown-fields: Keeps fields that the schema does not name.
  x-kubernetes-embedded-resource: It is an object with kind, version and metadata itself.
  x-kubernetes-int-or-string: A whole number or a text.
  x-kubernetes-list-map-keys: The fields that name an entry of a list of type map.
  x-kubernetes-list-type: How lists are merged, as atomic, set or map.
  x-kubernetes-map-type: How objects are merged, as granular or atomic.
  x-kubernetes-validations: Not supported by this server.
apiextensions.v1.ExternalDocumentation: Where more is written.
  description: What is written there.
  url: Where it is.
apiextensions.v1.ValidationRule: A rule in the Common Expression Language, not supported.
  rule: The expression.
  messageExpression: An expression for what is said when the rule does not hold.
  optionalOldSelf: Whether the rule is for new objects, too.
`;
