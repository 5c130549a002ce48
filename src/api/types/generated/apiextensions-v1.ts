/** apiextensions.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type { JsonObject } from '../../json.ts';
import type * as metaV1 from './meta-v1.ts';

export type CustomResourceDefinition = {
  readonly kind?: 'CustomResourceDefinition';
  readonly apiVersion?: 'apiextensions.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: CustomResourceDefinitionSpec;
  readonly status?: CustomResourceDefinitionStatus | undefined;
};

export type CustomResourceDefinitionSpec = {
  readonly group: string;
  readonly names: CustomResourceDefinitionNames;
  readonly scope: string;
  readonly versions: readonly CustomResourceDefinitionVersion[];
  readonly conversion?: CustomResourceConversion | undefined;
  readonly preserveUnknownFields?: boolean | undefined;
};

export type CustomResourceDefinitionNames = {
  readonly plural: string;
  readonly singular?: string | undefined;
  readonly shortNames?: readonly string[] | undefined;
  readonly kind: string;
  readonly listKind?: string | undefined;
  readonly categories?: readonly string[] | undefined;
};

export type CustomResourceDefinitionVersion = {
  readonly name: string;
  readonly served?: boolean | undefined;
  readonly storage?: boolean | undefined;
  readonly deprecated?: boolean | undefined;
  readonly deprecationWarning?: string | undefined;
  readonly schema?: CustomResourceValidation | undefined;
  readonly subresources?: CustomResourceSubresources | undefined;
  readonly additionalPrinterColumns?: readonly CustomResourceColumnDefinition[] | undefined;
  readonly selectableFields?: readonly SelectableField[] | undefined;
};

export type CustomResourceConversion = {
  readonly strategy: string;
  readonly webhook?: JsonObject | undefined;
};

export type CustomResourceValidation = {
  readonly openAPIV3Schema?: JSONSchemaProps | undefined;
};

export type CustomResourceSubresources = {
  readonly status?: JsonObject | undefined;
  readonly scale?: CustomResourceSubresourceScale | undefined;
};

export type CustomResourceSubresourceScale = {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string | undefined;
};

export type CustomResourceColumnDefinition = {
  readonly name: string;
  readonly type: string;
  readonly format?: string | undefined;
  readonly description?: string | undefined;
  readonly priority?: number | undefined;
  readonly jsonPath: string;
};

export type SelectableField = {
  readonly jsonPath: string;
};

export type CustomResourceDefinitionStatus = {
  readonly conditions?: readonly CustomResourceDefinitionCondition[] | undefined;
  readonly acceptedNames?: CustomResourceDefinitionNames | undefined;
  readonly storedVersions?: readonly string[] | undefined;
  readonly observedGeneration?: number | undefined;
};

export type CustomResourceDefinitionCondition = {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly observedGeneration?: number | undefined;
};

export type JSONSchemaProps = {
  readonly id?: string | undefined;
  readonly $schema?: string | undefined;
  readonly $ref?: string | undefined;
  readonly description?: string | undefined;
  readonly type?: string | undefined;
  readonly format?: string | undefined;
  readonly title?: string | undefined;
  readonly default?: JsonObject | undefined;
  readonly maximum?: JsonObject | undefined;
  readonly exclusiveMaximum?: boolean | undefined;
  readonly minimum?: JsonObject | undefined;
  readonly exclusiveMinimum?: boolean | undefined;
  readonly maxLength?: number | undefined;
  readonly minLength?: number | undefined;
  readonly pattern?: string | undefined;
  readonly maxItems?: number | undefined;
  readonly minItems?: number | undefined;
  readonly uniqueItems?: boolean | undefined;
  readonly multipleOf?: JsonObject | undefined;
  readonly enum?: readonly JsonObject[] | undefined;
  readonly maxProperties?: number | undefined;
  readonly minProperties?: number | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: JsonObject | undefined;
  readonly allOf?: readonly JSONSchemaProps[] | undefined;
  readonly oneOf?: readonly JSONSchemaProps[] | undefined;
  readonly anyOf?: readonly JSONSchemaProps[] | undefined;
  readonly not?: JSONSchemaProps | undefined;
  readonly properties?: Readonly<Record<string, JSONSchemaProps>> | undefined;
  readonly additionalProperties?: JsonObject | undefined;
  readonly patternProperties?: Readonly<Record<string, JSONSchemaProps>> | undefined;
  readonly dependencies?: JsonObject | undefined;
  readonly additionalItems?: JsonObject | undefined;
  readonly definitions?: JsonObject | undefined;
  readonly externalDocs?: ExternalDocumentation | undefined;
  readonly example?: JsonObject | undefined;
  readonly nullable?: boolean | undefined;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean | undefined;
  readonly 'x-kubernetes-embedded-resource'?: boolean | undefined;
  readonly 'x-kubernetes-int-or-string'?: boolean | undefined;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[] | undefined;
  readonly 'x-kubernetes-list-type'?: string | undefined;
  readonly 'x-kubernetes-map-type'?: string | undefined;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[] | undefined;
};

export type ExternalDocumentation = {
  readonly description?: string | undefined;
  readonly url?: string | undefined;
};

export type ValidationRule = {
  readonly rule: string;
  readonly message?: string | undefined;
  readonly messageExpression?: string | undefined;
  readonly reason?: string | undefined;
  readonly fieldPath?: string | undefined;
  readonly optionalOldSelf?: boolean | undefined;
};
