import type { ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import type { JsonObject } from '../api/json.ts';
import { ApiError } from '../api/status.ts';
import { isDomainError, messageOf } from '../base/error.ts';
import { limits } from '../base/limits.ts';

/** As Kubernetes: smaller bodies are not worth it. */
export const compressedFrom = 128 * 1024;
const compress = promisify(gzip);

/** Answers that somebody wants to see afterwards; undefined until they were given. */
const observed = new WeakMap<ServerResponse, string | undefined>();

/** From now on {@link answerOf} knows what this response says. */
export function observeAnswer(response: ServerResponse): void {
  observed.set(response, undefined);
}

/** The JSON that was sent, unless it is too long to be kept; undefined for streams. */
export function answerOf(response: ServerResponse): string | undefined {
  return observed.get(response);
}

/** Sends a JSON body; large ones compressed where the client takes it. */
export async function sendJson(
  response: ServerResponse,
  code: number,
  body: string | JsonObject,
): Promise<void> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  let bytes = Buffer.from(text);
  if (bytes.length <= limits.auditAnswerBytes && observed.has(response)) {
    observed.set(response, text);
  }
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', 'application/json');
  response.setHeader('Cache-Control', 'no-cache, private');
  if (bytes.length > compressedFrom && takesGzip(response)) {
    bytes = await compress(bytes, { level: 1 });
    response.setHeader('Content-Encoding', 'gzip');
    response.setHeader('Vary', 'Accept-Encoding');
  }
  response.writeHead(code, { 'Content-Length': bytes.length });
  response.end(bytes);
}

export function sendText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(text);
}

/** What went wrong as a Status; what nobody foresaw is told without its inside. */
export function failureOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (isDomainError(error, 'unavailable')) return new ApiError('ServiceUnavailable', error.message);
  if (isDomainError(error, 'invalid')) return new ApiError('BadRequest', error.message);
  return new ApiError('InternalError', `Internal error occurred: ${messageOf(error)}`);
}

export function takesGzip(response: ServerResponse): boolean {
  const accepted = response.req.headers['accept-encoding'];
  return typeof accepted === 'string' && /\bgzip\b/.test(accepted);
}
