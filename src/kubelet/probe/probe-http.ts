import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { longestOutput, type Outcome } from './outcome.ts';

export interface HttpTarget {
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const mostRedirects = 10;

/**
 * Asks once, on a connection of its own, and reads at most 10 KiB: 200 to 399 is well. Redirects
 * within the host are followed; one that leads elsewhere is well, too. Certificates are not
 * checked.
 */
export async function probeHttp(target: HttpTarget, timeoutMs: number): Promise<Outcome> {
  const { scheme, host, port, path } = target;
  const url = `${scheme.toLowerCase()}://${bracketed(host)}:${port}${path}`;
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    return await follow(new URL(url), target, deadline);
  } catch (error) {
    return { ok: false, output: `Get ${JSON.stringify(url)}: ${why(error, target, deadline)}` };
  }
}

async function follow(first: URL, target: HttpTarget, deadline: AbortSignal): Promise<Outcome> {
  let url = first;
  for (let hops = 0; ; hops += 1) {
    const { code, location, text } = await ask(url, target, deadline);
    const next = location === undefined ? undefined : resolve(location, url);
    if (code >= 300 && code < 400 && next !== undefined) {
      if (next.hostname !== first.hostname) {
        return { ok: true, output: 'Probe terminated redirects, Response body: ' + text };
      }
      if (hops === mostRedirects) return { ok: false, output: 'stopped after 10 redirects' };
      url = next;
    } else if (code >= 200 && code < 400) {
      return { ok: true, output: text };
    } else {
      return { ok: false, output: `HTTP probe failed with statuscode: ${code}` };
    }
  }
}

interface Answer {
  readonly code: number;
  readonly location: string | undefined;
  readonly text: string;
}

function ask(url: URL, target: HttpTarget, signal: AbortSignal): Promise<Answer> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<Answer>();
  const given = target.headers.map(([name, value]) => [name, value] as const);
  const headers: Record<string, string> = {
    'user-agent': 'kube-probe/1.33',
    accept: '*/*',
    connection: 'close',
    ...Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value])),
  };
  const options = { agent: false as const, headers, signal, rejectUnauthorized: false };
  const answered = (answer: IncomingMessage) => read(answer, asked, settle);
  const asked: ClientRequest =
    url.protocol === 'https:'
      ? tlsRequest(url, options, answered)
      : plainRequest(url, options, answered);
  asked.once('error', reject);
  asked.end();
  return promise;
}

/** Headers say how it is; of the body only what fits is waited for. */
function read(
  answer: IncomingMessage,
  asked: ClientRequest,
  settle: (answer: Answer) => void,
): void {
  let text = '';
  const done = () => {
    settle({ code: answer.statusCode ?? 0, location: answer.headers.location, text });
    asked.destroy();
  };
  answer.setEncoding('utf8').on('data', (part: string) => {
    text = (text + part).slice(0, longestOutput);
    if (text.length === longestOutput) done();
  });
  answer.once('end', done).once('error', done);
}

function resolve(location: string, base: URL): URL | undefined {
  return URL.canParse(location, base.href) ? new URL(location, base) : undefined;
}

function why(error: unknown, { host, port }: HttpTarget, deadline: AbortSignal): string {
  if (deadline.aborted) {
    return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  }
  return dialFailure(error, host, port);
}

/** As Go's network errors read: `dial tcp 10.88.0.4:80: connect: connection refused`. */
export function dialFailure(error: unknown, host: string, port: number): string {
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connect: connection refused',
    EHOSTUNREACH: 'connect: no route to host',
    ENETUNREACH: 'connect: network is unreachable',
    ECONNRESET: 'read: connection reset by peer',
  };
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = words[code] ?? (error instanceof Error ? error.message : String(error));
  return `dial tcp ${bracketed(host)}:${port}: ${text}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
