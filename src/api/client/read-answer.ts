import type { Readable } from 'node:stream';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { refusalOf } from '../status.ts';
import type { ApiAnswer } from './connection.ts';

/** The object in an answer. Throws the server's refusal, and `invalid` on what is no object. */
export async function readAnswer({ code, body }: ApiAnswer): Promise<JsonObject> {
  const text = await readText(body);
  const object = parse(text, code);
  if (code >= 200 && code < 300) return object;
  throw refusalOf(object, code);
}

/** The JSON documents of a body without end, one a line, as many at a time as have come. */
export async function* readLines(body: Readable): AsyncGenerator<readonly JsonObject[]> {
  let rest = '';
  for await (const part of body.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + part).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > limits.clientEventBytes) throw tooLong(limits.clientEventBytes);
    if (lines.length > 0) yield lines.map((line) => parse(line, 200));
  }
}

async function readText(body: Readable): Promise<string> {
  const parts: string[] = [];
  let length = 0;
  for await (const part of body.setEncoding('utf8') as AsyncIterable<string>) {
    length += part.length;
    if (length > limits.clientAnswerBytes) {
      body.destroy();
      throw tooLong(limits.clientAnswerBytes);
    }
    parts.push(part);
  }
  return parts.join('');
}

function tooLong(bytes: number): DomainError {
  return new DomainError('invalid', `the API server's answer is longer than ${bytes} bytes`);
}

function parse(text: string, code: number): JsonObject {
  try {
    const value = JSON.parse(text) as Json;
    if (isObject(value)) return value;
  } catch {
    // Told below: proxies answer in words.
  }
  if (code >= 300) return { message: text.slice(0, 1000) };
  throw new DomainError(
    'invalid',
    `the API server answered with ${JSON.stringify(text.slice(0, 100))}`,
  );
}
