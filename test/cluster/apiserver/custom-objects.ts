/** A definition with a little of everything, and objects of it. */
export const sampleSchema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      properties: {
        value: { type: 'integer', description: 'the number that is meant' },
        replicas: { type: 'integer', default: 2, maximum: 10 },
        name: { type: 'string', pattern: '^[a-z]+$' },
        mode: { type: 'string', enum: ['On', 'Off'] },
        port: { 'x-kubernetes-int-or-string': true },
        time: { type: 'string', format: 'date-time' },
        either: { type: 'string', oneOf: [{ enum: ['a'] }, { enum: ['b'] }] },
        open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        map: { type: 'object', additionalProperties: { type: 'string' } },
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        list: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: {
            type: 'object',
            required: ['name'],
            properties: { name: { type: 'string' }, value: { type: 'integer' } },
          },
        },
      },
    },
    status: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        conditions: {
          type: 'array',
          items: {
            type: 'object',
            properties: { type: { type: 'string' }, status: { type: 'string' } },
          },
        },
      },
    },
  },
};

const sampleNames = { plural: 'samples', singular: 'sample', kind: 'Sample', shortNames: ['sam'] };

export function definition(names: Partial<typeof sampleNames> = {}, schema: object = sampleSchema) {
  const all = { ...sampleNames, ...names };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${all.plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: all,
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
          },
          additionalPrinterColumns: [
            { name: 'Value', type: 'integer', jsonPath: '.spec.value' },
            {
              name: 'Ready',
              type: 'string',
              jsonPath: '.status.conditions[?(@.type=="Ready")].status',
            },
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
          schema: { openAPIV3Schema: schema },
        },
      ],
    },
  };
}

export function objectOf(name: string, spec: object = {}, metadata: object = {}) {
  return { apiVersion: 'example.com/v1', kind: 'Sample', metadata: { name, ...metadata }, spec };
}
