/** Aborted by SIGTERM or SIGINT: who serves ends what it has begun, and then itself. */
export function endSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort());
  return stop.signal;
}
