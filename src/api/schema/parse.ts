import type { Field, ListRule, MessageType, Scalar, Shape } from './type.ts';

/** A type as its package's text has it: the name's line, and one indented line for each field. */
export interface TypeText {
  readonly atomic: boolean;
  readonly fields: readonly string[];
}

/** The types of a package by name. */
export function parseTypes(text: string): ReadonlyMap<string, TypeText> {
  const types = new Map<string, { atomic: boolean; fields: string[] }>();
  let fields: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('  ')) {
      fields.push(line.slice(2));
      continue;
    }
    const [name = '', flag] = line.split(' ');
    fields = [];
    types.set(name, { atomic: flag === 'atomic', fields });
  }
  return types;
}

/** `ports []ContainerPort 6 ! map=containerPort,protocol merge=containerPort` */
export function parseField(line: string, resolve: (type: string) => MessageType): Field {
  const [name = '', typeWord = '', number = '', ...flags] = line.split(' ');
  const shape = shapeOf(typeWord);
  const type = shape === 'single' ? typeWord : typeWord.slice(2);
  const scalar = isScalar(type) ? type : undefined;
  let message: MessageType | undefined;
  return {
    name,
    number: Number(number),
    shape,
    scalar,
    // Looked up late: a type may contain itself.
    get message() {
      if (scalar === undefined) message ??= resolve(type);
      return message;
    },
    required: flags.includes('!'),
    pointer: flags.includes('*'),
    list: listRule(flags),
    atomic: flags.includes('atomic'),
    retainsKeys: flags.includes('retainKeys'),
    inline: flags.includes('inline'),
  };
}

function shapeOf(type: string): Shape {
  if (type.startsWith('[]')) return 'list';
  return type.startsWith('{}') ? 'map' : 'single';
}

const scalars: ReadonlySet<string> = new Set<Scalar>([
  'string',
  'bool',
  'int32',
  'int64',
  'bytes',
  'quantity',
  'intOrString',
  'time',
  'microTime',
  'raw',
  'fields',
  'strings',
]);

function isScalar(type: string): type is Scalar {
  return scalars.has(type);
}

function listRule(flags: readonly string[]): ListRule {
  const keys = flags.find((flag) => flag.startsWith('map='));
  const mergeKey = flags.find((flag) => flag.startsWith('merge='));
  const byKeys = keys !== undefined;
  return {
    apply: byKeys ? 'map' : flags.includes('set') ? 'set' : 'atomic',
    keys: keys?.slice('map='.length).split(',') ?? [],
    merges: mergeKey !== undefined || flags.includes('merge'),
    mergeKey: mergeKey?.slice('merge='.length),
  };
}
