import { type Reply, writeHead } from './request-types.ts';

/** The words that users of ingress-nginx know. */
const words: Readonly<Record<number, string>> = {
  400: '400 Bad Request',
  404: 'default backend - 404',
  405: '405 Not Allowed',
  413: '413 Request Entity Too Large',
  502: '502 Bad Gateway',
  503: '503 Service Temporarily Unavailable',
  504: '504 Gateway Time-out',
};

/** Answers in the proxy's own words; nothing where an answer has begun. */
export function answerPlainly(reply: Reply, code: number): void {
  if (reply.headersSent || reply.destroyed) return;
  const text = words[code] ?? String(code);
  // What is left of a request that is refused is not read.
  const close = code === 400 || code === 413;
  send(
    reply,
    code,
    {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      ...(close && reply.req.httpVersionMajor === 1 && { connection: 'close' }),
    },
    text,
  );
}

/** 308 keeps method and body. */
export function redirect(reply: Reply, location: string): void {
  if (reply.headersSent || reply.destroyed) return;
  send(reply, 308, { location, 'content-length': '0' }, '');
}

function send(
  reply: Reply,
  ...[code, headers, text]: [number, Record<string, string>, string]
): void {
  writeHead(reply, code, headers);
  reply.end(text);
}
