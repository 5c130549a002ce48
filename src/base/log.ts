import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

/**
 * The process's log: JSON lines on stderr, so that stdout stays for results.
 * `KEELSON_LOG` sets the level (trace, debug, info, warn, error, silent).
 */
export function openLog(name: string): Logger {
  return pino(
    { name, level: process.env['KEELSON_LOG'] ?? 'info', base: { name, pid: process.pid } },
    pino.destination({ fd: 2, sync: true }),
  );
}
