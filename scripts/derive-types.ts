/**
 * Writes src/api/types/generated/*.ts, the kinds as TypeScript types, from the field tables of
 * src/api/schema. Types and not interfaces: so an object of them is JSON to the compiler too.
 *
 *     node scripts/derive-types.ts [FOLDER]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiVersionOf } from '../src/api/kind.ts';
import { kinds } from '../src/api/kinds.ts';
import { messageType, packageNames, typeNames } from '../src/api/schema/schema.ts';
import type { Field, MessageType, Scalar } from '../src/api/schema/type.ts';

const target =
  process.argv[2] ?? fileURLToPath(new URL('../src/api/types/generated', import.meta.url));

const scalarTypes: Readonly<Record<Scalar, string>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  bytes: 'string',
  quantity: 'string',
  intOrString: 'number | string',
  time: 'string',
  microTime: 'string',
  raw: 'JsonObject',
  fields: 'JsonObject',
  strings: 'readonly string[]',
};

/** The kinds that stand on their own, by the name of their type: the version that is stored. */
const roots = new Map(kinds.toReversed().map((kind) => [kind.type, kind]));

mkdirSync(target, { recursive: true });
for (const packageName of packageNames) {
  const texts = typeNames(packageName).map((name) => typeText(packageName, messageType(name)));
  const body = texts.join('\n');
  const head = `/** ${packageName} as types, by scripts/derive-types.ts; not to be edited. */\n`;
  writeFileSync(
    join(target, fileOf(packageName)),
    `${head}${importsOf(packageName, body)}\n${body}`,
  );
}

function fileOf(packageName: string): string {
  return `${packageName.replace('.', '-')}.ts`;
}

/** `coreV1` */
function aliasOf(packageName: string): string {
  return packageName.replace(/\.(.)/, (_, letter: string) => letter.toUpperCase());
}

function importsOf(packageName: string, body: string): string {
  const others = packageNames.filter((name) => name !== packageName);
  const lines = others
    .filter((name) => body.includes(`${aliasOf(name)}.`))
    .map((name) => `import type * as ${aliasOf(name)} from './${fileOf(name)}';\n`);
  const json = body.includes('JsonObject')
    ? "import type { JsonObject } from '../../json.ts';\n"
    : '';
  return json + lines.join('');
}

function typeText(packageName: string, type: MessageType): string {
  const name = type.name.slice(packageName.length + 1);
  const root = roots.get(type.name);
  const head =
    root === undefined
      ? ''
      : `  readonly kind?: '${root.kind}';\n  readonly apiVersion?: '${apiVersionOf(root)}';\n`;
  const fields = [...type.byName.values()].map((field) =>
    fieldText(packageName, field, root !== undefined),
  );
  return `export type ${name} = {\n${head}${fields.join('')}};\n`;
}

/** Objects on their own have metadata, and a spec where their kind has one. */
function fieldText(packageName: string, field: Field, ofRoot: boolean): string {
  const always = field.required || (ofRoot && /^(metadata|spec)$/.test(field.name));
  const type = shaped(field, plainType(packageName, field));
  const name = /^[\w$]+$/.test(field.name) ? field.name : `'${field.name}'`;
  return `  readonly ${name}${always ? '' : '?'}: ${type}${always ? '' : ' | undefined'};\n`;
}

function shaped({ shape }: Field, type: string): string {
  if (shape === 'list') return `readonly ${/[ |]/.test(type) ? `(${type})` : type}[]`;
  return shape === 'map' ? `Readonly<Record<string, ${type}>>` : type;
}

function plainType(packageName: string, { scalar, message }: Field): string {
  if (scalar !== undefined) return scalarTypes[scalar];
  const full = message?.name ?? '';
  const at = full.lastIndexOf('.');
  const name = full.slice(at + 1);
  return full.slice(0, at) === packageName ? name : `${aliasOf(full.slice(0, at))}.${name}`;
}
