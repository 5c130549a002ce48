import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Kind } from '../api/kind.ts';
import { sendJson } from './answer.ts';
import { openApiIndex, openApiText } from './openapi.ts';
import { openApiV2, openApiV2Bytes } from './openapi-v2.ts';
import type { Route } from './route.ts';

const binary = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** What kinds look like, for clients that check and explain them. */
export async function serveOpenApi(
  kinds: readonly Kind[],
  { version, document }: Extract<Route, { to: 'openapi' }>,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  if (version === 'v3') {
    const answer = document === '' ? openApiIndex(kinds) : openApiText(document, kinds);
    return await sendJson(response, 200, answer);
  }
  if (request.headers.accept?.includes('proto-openapi.spec.v2') !== true) {
    return await sendJson(response, 200, openApiV2(kinds));
  }
  response.writeHead(200, { 'Content-Type': binary });
  response.end(openApiV2Bytes(kinds));
}
