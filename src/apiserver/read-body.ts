import type { IncomingMessage } from 'node:http';
import { parseDocument } from 'yaml';
import { type Decoded, decodeJson, type Unknown } from '../api/decode-json.ts';
import { decodeProtobuf, openEnvelope } from '../api/decode-protobuf.ts';
import { isObject, type Json, type JsonObject, textOf } from '../api/json.ts';
import { pruneCustom, readCustom } from '../api/custom/read-custom.ts';
import { apiVersionOf, type Kind } from '../api/kind.ts';
import { findKind, storedKind } from '../api/kinds.ts';
import { messageType } from '../api/schema/schema.ts';
import { ApiError, badRequest } from '../api/status.ts';
import { isDomainError, messageOf } from '../base/error.ts';
import { limits } from '../base/limits.ts';

/** An object from a body, as its version has it, and what in it no field is. */
export interface Received {
  readonly kind: Kind;
  readonly object: JsonObject;
  readonly unknown: readonly Unknown[];
  /** Keys that stand twice in one JSON object. */
  readonly duplicates: readonly string[];
}

/** Reads a body to its end. Throws `RequestEntityTooLarge` before more than the limit is held. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limits.apiBodyBytes) {
      const words = `Request entity too large: limit is ${limits.apiBodyBytes}`;
      throw new ApiError('RequestEntityTooLarge', words);
    }
    parts.push(part);
  }
  const body = parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts);
  bodies.set(request, body);
  return body;
}

const bodies = new WeakMap<IncomingMessage, Buffer>();

/** The body that was read of a request, for who writes it down. */
export function bodyOf(request: IncomingMessage): Buffer | undefined {
  return bodies.get(request);
}

/** The media type without its parameters. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The object in a body. `fallback` is the path's kind: a body may leave its own out. */
export function decodeBody(type: string, body: Buffer, fallback: Kind): Received {
  if (type === 'application/vnd.kubernetes.protobuf') return decodeBinary(body, fallback);
  const text = body.toString('utf8');
  if (type === 'application/yaml' || type === 'application/x-yaml') {
    return decodeText(parseYaml(text), fallback, []);
  }
  if (type !== '' && type !== 'application/json') {
    const words =
      'the body of the request was in an unknown format - accepted media types include: ' +
      'application/json, application/yaml, application/vnd.kubernetes.protobuf';
    throw new ApiError('UnsupportedMediaType', words);
  }
  return decodeText(parseJson(text), fallback, duplicateKeys(text));
}

export function parseJson(text: string): Json {
  try {
    checkDepth(text);
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest(`couldn't get version/kind; json parse error: ${messageOf(error)}`);
  }
}

export function parseYaml(text: string): Json {
  const document = parseDocument(text, {
    maxAliasCount: 0,
    uniqueKeys: true,
    // A client's odd keys are no news to who runs the server.
    logLevel: 'error',
  } as object);
  const [error] = document.errors;
  if (error !== undefined) throw badRequest(`yaml: ${error.message.split('\n')[0] ?? ''}`);
  try {
    const value = document.toJS({ maxAliasCount: 100 }) as unknown;
    // Dates and the like become what JSON has for them.
    return parseJson(JSON.stringify(value) ?? 'null');
  } catch (failure) {
    if (failure instanceof ApiError) throw failure;
    throw badRequest(`yaml: ${messageOf(failure)}`);
  }
}

function decodeBinary(body: Buffer, fallback: Kind): Received {
  if (fallback.custom !== undefined || fallback.group === 'apiextensions.k8s.io') {
    throw new ApiError('UnsupportedMediaType', `${fallback.plural} are read as JSON or YAML alone`);
  }
  try {
    const { apiVersion, kind: name, raw } = openEnvelope(body);
    const kind = kindOf({ apiVersion, kind: name }, fallback);
    const object = decodeProtobuf(messageType(kind.type), raw);
    return { kind, object, unknown: [], duplicates: [] };
  } catch (error) {
    if (isDomainError(error, 'invalid')) throw badRequest(error.message);
    throw error;
  }
}

function decodeText(document: Json, fallback: Kind, duplicates: readonly string[]): Received {
  if (!isObject(document)) throw badRequest('the body of the request is no object');
  if (fallback.custom !== undefined) {
    return decodeCustom(document, { kind: fallback, duplicates, read: readCustom });
  }
  const kind = kindOf(document, fallback);
  try {
    const { value, unknown } = decodeJson(messageType(kind.type), document);
    return { kind, object: value, unknown, duplicates };
  } catch (error) {
    if (!isDomainError(error, 'invalid')) throw error;
    throw badRequest(cannotHandle(kind, error.message));
  }
}

interface CustomReading {
  readonly kind: Kind;
  readonly duplicates: readonly string[];
  readonly read: (schema: JsonObject, document: JsonObject) => Decoded;
}

/** What somebody applies: without defaults, where a definition has some. */
export function decodeApplied(body: Buffer, kind: Kind): Received {
  if (kind.custom === undefined) return decodeBody('application/yaml', body, kind);
  const document = parseYaml(body.toString('utf8'));
  if (!isObject(document)) throw badRequest('the body of the request is no object');
  return decodeCustom(document, { kind, duplicates: [], read: pruneCustom });
}

/** An object of a definition's kind: its version is the path's. */
function decodeCustom(document: JsonObject, { kind, duplicates, read }: CustomReading): Received {
  const { apiVersion = apiVersionOf(kind), kind: name = kind.kind } = document;
  if (apiVersion !== apiVersionOf(kind)) {
    const [given, wanted] = [textOf(apiVersion), apiVersionOf(kind)];
    const words = `the API version in the data (${given}) does not match the expected API version`;
    throw badRequest(`${words} (${wanted})`);
  }
  if (name !== kind.kind) {
    const words = `the kind in the data (${textOf(name)}) does not match the expected kind`;
    throw badRequest(`${words} (${kind.kind})`);
  }
  try {
    const { value, unknown } = read(kind.custom?.schema ?? {}, document);
    return { kind, object: value, unknown, duplicates };
  } catch (error) {
    if (!isDomainError(error, 'invalid')) throw error;
    throw badRequest(cannotHandle(kind, error.message));
  }
}

/** How every complaint about a document of a kind starts. */
export function cannotHandle(kind: Kind, words: string): string {
  return `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${words}`;
}

function kindOf(document: JsonObject, fallback: Kind): Kind {
  const apiVersion = textOf(document['apiVersion']);
  const name = textOf(document['kind']);
  if (apiVersion === '' && name === '') return fallback;
  const kind = findKind(apiVersion, name);
  if (kind === undefined) {
    throw badRequest(`no kind "${name}" is registered for version "${apiVersion}"`);
  }
  // Or who may make one kind would make any other at its path.
  if (storedKind(kind) !== storedKind(fallback)) {
    const words = `cannot be handled as a ${fallback.kind}`;
    throw badRequest(`${name} in version "${apiVersion}" ${words}`);
  }
  return kind;
}

/** Counts brackets: deep documents would overrun the stack of those who walk through them. */
function checkDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charCodeAt(at);
    if (letter === 0x22) at = endOfText(text, at);
    else if (letter === 0x7b || letter === 0x5b) {
      depth += 1;
      if (depth > limits.apiBodyDepth) {
        throw badRequest(`the body of the request is more than ${limits.apiBodyDepth} levels deep`);
      }
    } else if (letter === 0x7d || letter === 0x5d) depth -= 1;
  }
}

function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const letter = text.charCodeAt(at);
    if (letter === 0x5c) at += 1;
    else if (letter === 0x22) return at;
  }
  return text.length;
}

/** Paths of keys that JSON.parse lets the last one win of: a mistake that nobody would see. */
export function duplicateKeys(text: string): string[] {
  const found: string[] = [];
  const stack: { keys: Set<string> | undefined; path: string; index: number }[] = [];
  let key = '';
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    const top = stack.at(-1);
    if (letter === '"') {
      const end = endOfText(text, at);
      if (top?.keys !== undefined && /^\s*:/.test(text.slice(end + 1, end + 40))) {
        key = JSON.parse(text.slice(at, end + 1)) as string;
        const path = top.path === '' ? key : `${top.path}.${key}`;
        if (top.keys.has(key)) found.push(path);
        top.keys.add(key);
      }
      at = end;
    } else if (letter === '{' || letter === '[') {
      stack.push({
        keys: letter === '{' ? new Set() : undefined,
        path: pathBelow(top, key),
        index: 0,
      });
    } else if (letter === '}' || letter === ']') stack.pop();
    else if (letter === ',' && top !== undefined) top.index += 1;
  }
  return found;
}

function pathBelow(
  top: { keys: Set<string> | undefined; path: string; index: number } | undefined,
  key: string,
): string {
  if (top === undefined) return '';
  if (top.keys === undefined) return `${top.path}[${top.index}]`;
  return top.path === '' ? key : `${top.path}.${key}`;
}
