import { messageOf } from '../../base/error.ts';
import { askHttp, type HttpQuestion } from './ask-http.ts';
import { bracketed, dialFailure } from './dial-failure.ts';
import type { Outcome } from './outcome.ts';

export interface HttpTarget {
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly isUnhurried?: boolean;
}

const mostRedirects = 10;

/**
 * Asks once, on a connection of its own, and reads at most 10 KiB: 200 to 399 is well. Redirects
 * within the host are followed; one that leads elsewhere is well, too. Certificates are not
 * checked.
 */
export async function probeHttp(target: HttpTarget, timeoutMs: number): Promise<Outcome> {
  const { scheme, host, port, path, headers, isUnhurried = false } = target;
  const url = `${scheme.toLowerCase()}://${bracketed(host)}:${port}${path}`;
  const endMs = performance.now() + timeoutMs;
  try {
    return await follow({ url: new URL(url), headers, timeoutMs, isUnhurried }, endMs);
  } catch (error) {
    return { ok: false, output: `Get ${JSON.stringify(url)}: ${why(error, target)}` };
  }
}

async function follow(first: HttpQuestion, endMs: number): Promise<Outcome> {
  let question = first;
  for (let hops = 0; ; hops += 1) {
    const { code, location, text } = await askHttp(question);
    const next = location === undefined ? undefined : resolve(location, question.url);
    if (code >= 300 && code < 400 && next !== undefined) {
      if (next.hostname !== first.url.hostname) {
        return { ok: true, output: 'Probe terminated redirects, Response body: ' + text };
      }
      if (hops === mostRedirects) return { ok: false, output: 'stopped after 10 redirects' };
      question = { ...first, url: next, timeoutMs: endMs - performance.now() };
    } else if (code >= 200 && code < 400) {
      return { ok: true, output: text };
    } else {
      return { ok: false, output: `HTTP probe failed with statuscode: ${code}` };
    }
  }
}

function resolve(location: string, base: URL): URL | undefined {
  const url = URL.canParse(location, base.href) ? new URL(location, base) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
}

function why(error: unknown, { host, port }: HttpTarget): string {
  const isDial = error instanceof Error && 'code' in error;
  return isDial ? dialFailure(error, host, port) : messageOf(error);
}
