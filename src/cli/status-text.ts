import { formatSpan } from './format.ts';

interface Times {
  readonly state: string;
  readonly exit_code: number;
  readonly started_at: number;
  readonly finished_at: number;
}

/** `Up 3 minutes`, `Exited (0) 2 seconds ago`: the STATUS column of `ps`. */
export function statusText(times: Times, nowMs: number): string {
  const since = (nanoseconds: number): string => formatSpan(nowMs - nanoseconds / 1e6);
  if (times.state === 'running') return `Up ${since(times.started_at)}`;
  if (times.state === 'paused') return `Up ${since(times.started_at)} (Paused)`;
  if (times.state === 'created') return 'Created';
  if (times.state !== 'exited') return times.state.replace(/^./, (c) => c.toUpperCase());
  return `Exited (${times.exit_code}) ${since(times.finished_at)} ago`;
}
