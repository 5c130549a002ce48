import { pino, type Logger } from 'pino';
import { limits } from './limits.ts';
import { describeError, withoutCredentials } from './log-value.ts';
import { currentRequest } from './request.ts';

export type { Logger } from 'pino';

/**
 * The process's log: JSON lines on stderr, so that stdout stays for results. Each line that is
 * written while a request is worked on has its id as `request`. `KEELSON_LOG` sets the level
 * (trace, debug, info, warn, error, silent).
 */
export function openLog(name: string): Logger {
  const log = pino(
    {
      name,
      level: process.env['KEELSON_LOG'] ?? 'info',
      base: { name, pid: process.pid },
      mixin: requestField,
      serializers: { err: describeError },
      hooks: { logMethod: cleanMessage },
      onChild: (child) => void opened.push(child),
    },
    openDestination(),
  );
  opened.push(log);
  return log;
}

/**
 * A full disk, or a reader that has gone, loses lines and ends nothing; what waits for better times
 * is bounded.
 */
function openDestination(): pino.DestinationStream {
  const destination = pino.destination({ fd: 2, sync: true, maxLength: limits.logBacklogBytes });
  destination.on('error', () => undefined);
  return destination;
}

/** Parts of the process have children of its log, once each: as many as there are parts. */
const opened: pino.Logger[] = [];

/** The level of all logs of the process from now on; children do not follow their parent's. */
export function setLogLevel(level: string): void {
  for (const log of opened) log.level = level;
}

function requestField(): object {
  const request = currentRequest();
  return request === undefined ? {} : { request: request.id };
}

type Arguments = Parameters<NonNullable<NonNullable<pino.LoggerOptions['hooks']>['logMethod']>>[0];

/** Messages quote what they are about, a name with a password in it too. */
function cleanMessage(this: Logger, given: Arguments, write: pino.LogFn): void {
  const cleaned = given.map((item) =>
    typeof item === 'string' ? withoutCredentials(item) : item,
  ) as Arguments;
  write.apply(this, cleaned);
}
