import type { ServerResponse } from 'node:http';
import { limits } from '../base/limits.ts';
import { sendText } from './answer.ts';

export type HealthCheck = () => Promise<void>;

/**
 * `/livez`, `/readyz` and `/healthz`: `ok`, or with `?verbose` a line for each check. Says why one
 * failed to nobody: whoever may see that has the log.
 */
export async function serveHealth(
  name: string,
  { query, response }: { readonly query: URLSearchParams; readonly response: ServerResponse },
  checks: ReadonlyMap<string, HealthCheck>,
): Promise<void> {
  const excluded = new Set(query.getAll('exclude'));
  const asked = [...checks].filter(([check]) => !excluded.has(check));
  const results = await Promise.all(
    asked.map(async ([check, look]) => ({ check, isWell: await isWell(look) })),
  );
  const well = results.every((result) => result.isWell);
  if (well && !query.has('verbose')) return sendText(response, 200, 'ok');
  const lines = results.map((result) =>
    result.isWell ? `[+]${result.check} ok` : `[-]${result.check} failed: reason withheld`,
  );
  const end = `${name} check ${well ? 'passed' : 'failed'}`;
  sendText(response, well ? 200 : 500, `${[...lines, end].join('\n')}\n`);
}

async function isWell(look: HealthCheck): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const late = setTimeout(() => resolve(false), limits.apiHealthMs);
  look().then(
    () => resolve(true),
    () => resolve(false),
  );
  try {
    return await promise;
  } finally {
    clearTimeout(late);
  }
}
