/**
 * Writes src/cri/generated/*.ts from src/cri/*.proto: message types, and the tables that
 * src/grpc/codec.ts reads. Tables in place of a library's classes because a command loads them
 * on each call: 2 ms where @grpc/proto-loader takes 45.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Protobuf from 'protobufjs';

const require = createRequire(import.meta.url);
const protobuf = createRequire(require.resolve('@grpc/proto-loader'))(
  'protobufjs',
) as typeof Protobuf;
const folder = fileURLToPath(new URL('../src/cri/', import.meta.url));

/** The generated text of one package. */
export function generate(packageName: 'runtime.v1' | 'keelson.v1'): string {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => `${folder}${target.split('/').at(-1)}`;
  root.loadSync('keelson.proto', { keepCase: true }).resolveAll();
  const namespace = root.lookup(packageName) as Protobuf.Namespace;
  const scope = new Scope(packageName);
  // Services last: their tables hold those of the messages.
  const items = namespace.nestedArray.toSorted(
    (a, b) => Number(a instanceof protobuf.Service) - Number(b instanceof protobuf.Service),
  );
  const body = items.flatMap((item) => scope.declare(item));
  return `${scope.header()}${body.join('\n')}\n`;
}

/** Names of one package as seen from its file; what another package has is imported. */
class Scope {
  readonly packageName: string;
  readonly imported = new Set<string>();

  constructor(packageName: string) {
    this.packageName = packageName;
  }

  header(): string {
    const source = this.packageName.replace('.v1', '.proto');
    const foreign = this.imported.size === 0 ? '' : "import * as runtime from './runtime.ts';\n";
    return (
      `/** Made of src/cri/${source} by scripts/generate-proto.ts; not to be edited. */\n` +
      `import type { Message, Method } from '../../grpc/message.ts';\n${foreign}\n`
    );
  }

  declare(item: Protobuf.ReflectionObject): string[] {
    if (item instanceof protobuf.Enum) return [this.enumeration(item)];
    if (item instanceof protobuf.Service) return [this.service(item)];
    if (!(item instanceof protobuf.Type)) return [];
    return [...item.nestedArray.flatMap((inner) => this.declare(inner)), this.message(item)];
  }

  enumeration(item: Protobuf.Enum): string {
    const members = Object.entries(item.values).map(([name, value]) => `  ${name}: ${value},`);
    const name = item.name;
    return `export const ${name} = {\n${members.join('\n')}\n} as const;\n`;
  }

  message(item: Protobuf.Type): string {
    const fields = item.fieldsArray.toSorted((a, b) => a.id - b.id);
    const properties = fields.map((field) => `  ${this.property(field)}`);
    const rows = fields.map((field) => `    [${this.row(field).join(', ')}],`);
    return (
      `export interface ${item.name} {\n${properties.join('\n')}\n}\n` +
      `export const ${item.name}: Message<${item.name}> = {\n  name: '${item.name}',\n` +
      `  fields: () => [\n${rows.join('\n')}\n  ],\n};\n`
    );
  }

  property(field: Protobuf.Field): string {
    const type = this.typeName(field);
    if (field instanceof protobuf.MapField) return `${field.name}: Record<string, ${type}>;`;
    if (field.repeated) return `${field.name}: ${type}[];`;
    return hasPresence(field) ? `${field.name}?: ${type} | undefined;` : `${field.name}: ${type};`;
  }

  /** Number, name, kind of value, how often, table of the message. */
  row(field: Protobuf.Field): string[] {
    const kind = kindOf(field);
    const often =
      field instanceof protobuf.MapField
        ? 'map'
        : field.repeated
          ? 'repeated'
          : hasPresence(field)
            ? 'optional'
            : 'plain';
    const table = kind === 'message' ? [this.qualified(field.resolvedType)] : [];
    return [String(field.id), `'${field.name}'`, `'${kind}'`, `'${often}'`, ...table];
  }

  typeName(field: Protobuf.Field): string {
    const kind = kindOf(field);
    if (kind === 'message') return this.qualified(field.resolvedType);
    if (kind === 'string') return 'string';
    if (kind === 'bool') return 'boolean';
    return kind === 'bytes' ? 'Uint8Array' : 'number';
  }

  qualified(item: Protobuf.ReflectionObject | null): string {
    if (item === null) throw new Error('a field without a type');
    let parent = item.parent;
    while (parent instanceof protobuf.Type) parent = parent.parent;
    if (parent?.fullName === `.${this.packageName}`) return item.name;
    this.imported.add(item.name);
    return `runtime.${item.name}`;
  }

  service(item: Protobuf.Service): string {
    const path = `/${this.packageName}.${item.name}`;
    const methods = item.methodsArray.map((method) => {
      const [request, response] = [method.resolvedRequestType, method.resolvedResponseType].map(
        (type) => this.qualified(type),
      );
      const kind = method.requestStream ? 'both' : method.responseStream ? 'answers' : 'unary';
      const type = `Method<'${kind}', ${request}, ${response}>`;
      return [
        `  ${method.name}: {\n    path: '${path}/${method.name}',\n    kind: '${kind}',`,
        `    request: ${request},\n    response: ${response},\n  } as ${type},`,
      ].join('\n');
    });
    return `export const ${item.name} = {\n${methods.join('\n')}\n} as const;\n`;
  }
}

function hasPresence(field: Protobuf.Field): boolean {
  if (field.repeated || field instanceof protobuf.MapField) return false;
  return field.partOf !== null || field.resolvedType instanceof protobuf.Type;
}

function kindOf(field: Protobuf.Field): string {
  if (field.resolvedType instanceof protobuf.Enum) return 'int32';
  return field.resolvedType === null ? field.type : 'message';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(`${folder}generated`, { recursive: true });
  for (const name of ['runtime', 'keelson'] as const) {
    writeFileSync(`${folder}generated/${name}.ts`, generate(`${name}.v1`));
  }
}
