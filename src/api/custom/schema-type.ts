import { isList, textOf } from '../json.ts';
import { messageType } from '../schema/schema.ts';
import type { Field, ListRule, MessageType } from '../schema/type.ts';
import { additionalOf, itemsOf, preserves, propertiesOf, type Schema } from './schema.ts';

const plainList: ListRule = { apply: 'atomic', keys: [], merges: false, mergeKey: undefined };

const plainField: Omit<Field, 'name'> = {
  number: 0,
  shape: 'single',
  scalar: 'raw',
  message: undefined,
  required: false,
  pointer: true,
  list: plainList,
  atomic: false,
  retainsKeys: false,
  inline: false,
};

/** A schema as server-side apply reads types: which lists and maps are merged, and by what. */
export function typeOfSchema(name: string, schema: Schema): MessageType {
  const type = new SchemaType(name, schema);
  const metadata = { ...plainField, name: 'metadata', scalar: undefined };
  type.fieldsOfSchema.set('metadata', { ...metadata, message: messageType('meta.v1.ObjectMeta') });
  return type;
}

class SchemaType implements MessageType {
  readonly name: string;
  readonly atomic: boolean;
  readonly #schema: Schema;
  #known: SchemaFields | undefined;

  constructor(name: string, schema: Schema) {
    this.name = name;
    this.#schema = schema;
    this.atomic = schema['x-kubernetes-map-type'] === 'atomic';
  }

  /** Made when first asked for. */
  get fieldsOfSchema(): SchemaFields {
    if (this.#known !== undefined) return this.#known;
    const fields = propertiesOf(this.#schema).map(
      ([name, schema]) => [name, fieldOf(name, schema)] as const,
    );
    const additional = additionalOf(this.#schema);
    const isOpen = preserves(this.#schema) || additional !== undefined;
    const others = typeof additional === 'object' ? additional : {};
    this.#known = new SchemaFields(fields, isOpen ? others : undefined);
    return this.#known;
  }

  get fields(): readonly Field[] {
    return [...this.fieldsOfSchema.values()];
  }

  get byName(): ReadonlyMap<string, Field> {
    return this.fieldsOfSchema;
  }

  get byNumber(): ReadonlyMap<number, Field> {
    return new Map();
  }
}

/** Fields by name; where any name may stand, there is a field for each. */
class SchemaFields extends Map<string, Field> {
  readonly #others: Schema | undefined;

  constructor(fields: readonly (readonly [string, Field])[], others: Schema | undefined) {
    super(fields);
    this.#others = others;
  }

  override get(name: string): Field | undefined {
    const known = super.get(name);
    if (known !== undefined || this.#others === undefined) return known;
    return fieldOf(name, this.#others);
  }
}

function fieldOf(name: string, schema: Schema): Field {
  const field = { ...plainField, name };
  const type = textOf(schema['type']);
  if (type === 'array') {
    const items = itemsOf(schema);
    const message = items?.['type'] === 'object' ? new SchemaType(name, items) : undefined;
    const scalar = message === undefined ? ('raw' as const) : undefined;
    return { ...field, shape: 'list', list: ruleOf(schema), message, scalar };
  }
  // What is known of nothing is looked into where it is an object.
  const isOpen = type === '' && schema['x-kubernetes-int-or-string'] !== true;
  if (type !== 'object' && !isOpen) return field;
  const inner = isOpen ? { 'x-kubernetes-preserve-unknown-fields': true, ...schema } : schema;
  return { ...field, scalar: undefined, message: new SchemaType(name, inner) };
}

function ruleOf(schema: Schema): ListRule {
  const type = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  if (type === 'set') return { ...plainList, apply: 'set' };
  if (type !== 'map' || !isList(keys)) return plainList;
  return { ...plainList, apply: 'map', keys: keys.map(textOf) };
}
