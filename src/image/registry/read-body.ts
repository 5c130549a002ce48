import { DomainError } from '../../base/error.ts';
import type { HttpResponse } from './transport.ts';

/** The whole body; DomainError `invalid` as soon as it is longer than allowed. */
export async function readBody(
  response: HttpResponse,
  maximumBytes: number,
  what: string,
): Promise<Buffer> {
  const announced = Number(response.header('content-length') || 0);
  if (announced > maximumBytes) {
    response.body.destroy();
    throw new DomainError('invalid', `${what} of ${announced} bytes is too large`);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBytes) {
      throw new DomainError('invalid', `${what} is larger than ${maximumBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Lets the connection be used again where little is left, and drops it otherwise. */
export async function discardBody(response: HttpResponse): Promise<void> {
  await response.body.dump({ limit: 64 * 1024 }).catch(() => response.body.destroy());
}
