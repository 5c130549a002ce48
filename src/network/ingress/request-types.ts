import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

/** A client's request, of either version of HTTP. */
export type Request = IncomingMessage | Http2ServerRequest;

/** What a request is answered by: what both versions have in common. */
export type Reply = ServerResponse | Http2ServerResponse;

export function writeHead(reply: Reply, code: number, headers: OutgoingHttpHeaders): void {
  if ('stream' in reply) reply.writeHead(code, headers);
  else reply.writeHead(code, headers);
}

/** False when the client does not read as fast: go on at `drain`. */
export function writeBody(reply: Reply, bytes: Buffer): boolean {
  return 'stream' in reply ? reply.write(bytes) : reply.write(bytes);
}

export function hasBody(request: Request): boolean {
  if ('stream' in request) return !request.stream.endAfterHeaders;
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined) return true;
  return Number(headers['content-length'] ?? 0) > 0;
}
