import { messageOf } from './error.ts';
import type { Attributes } from './live-span.ts';
import { withoutCredentials } from './log-value.ts';
import { currentRequest, runAs } from './request.ts';

/** A step of the present request. One that nobody traces costs a look. */
export async function inSpan<T>(
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
): Promise<T> {
  const request = currentRequest();
  if (request?.span === undefined) return await work();
  const span = request.span.child(name, attributes);
  try {
    const result = await runAs({ ...request, span }, work);
    span.end();
    return result;
  } catch (error) {
    span.end(withoutCredentials(messageOf(error)));
    throw error;
  }
}
