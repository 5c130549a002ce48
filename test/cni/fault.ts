/**
 * The end of a process between any two steps of a call, without the start of a process for each:
 * at the given step, and from then on, nothing that this call does has an effect, neither its own
 * work nor its taking back. That is what kill -9 leaves. Import this before the plugins.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';
import { addon } from '../../src/kernel/addon.ts';

interface Life {
  readonly endsBefore: number;
  readonly steps: string[];
}

export interface Lived {
  /** Names of the steps that had their effect. */
  readonly steps: readonly string[];
  /** Whether the end came. */
  readonly killed: boolean;
  readonly error: unknown;
}

const lives = new AsyncLocalStorage<Life>();

/** Runs a call that ends before its step of that number, from 1; 0 lets it live. */
export async function live(endsBefore: number, call: () => Promise<unknown>): Promise<Lived> {
  const life: Life = { endsBefore, steps: [] };
  let error: unknown;
  try {
    await lives.run(life, call);
  } catch (thrown) {
    error = thrown;
  }
  const killed = endsBefore > 0 && life.steps.length >= endsBefore;
  return { steps: killed ? life.steps.slice(0, endsBefore - 1) : life.steps, killed, error };
}

/** Every effect passes here: counted, or refused to the dead. */
function step(name: string): void {
  const life = lives.getStore();
  if (life === undefined) return;
  life.steps.push(name);
  if (life.endsBefore > 0 && life.steps.length >= life.endsBefore) throw new Error('killed');
}

type Callable = (...parameters: never[]) => unknown;

/** Puts a step before a function that has an effect with these arguments. */
function watch<Name extends string>(
  owner: Record<Name, Callable>,
  name: Name,
  hasEffect: (...parameters: unknown[]) => boolean = () => true,
): void {
  const real = owner[name] as (...parameters: unknown[]) => unknown;
  const watched = (...parameters: unknown[]): unknown => {
    if (hasEffect(...parameters)) step(name);
    return real.apply(owner, parameters);
  };
  owner[name] = watched;
}

const files = fs as unknown as Record<string, Callable>;
for (const name of [
  'writeSync',
  'writeFileSync',
  'renameSync',
  'linkSync',
  'unlinkSync',
  'rmSync',
]) {
  watch(files, name);
}
watch(files, 'mkdirSync', (path) => !fs.existsSync(String(path)));
watch(files, 'ftruncateSync');
watch(files, 'openSync', (_path, flags) =>
  typeof flags === 'number' ? (flags & fs.constants.O_CREAT) !== 0 : /[wa]/.test(String(flags)),
);

/** `iptables`, where a configuration asks for that program. */
const execute = promisify(childProcess.execFile);
function execFile(): void {}
execFile[promisify.custom] = async (...parameters: Parameters<typeof execute>) => {
  if (!/ -[CLSn] /.test(String(parameters[1]?.join(' ')))) step('execFile');
  return await execute(...parameters);
};
Object.assign(childProcess, { execFile });
syncBuiltinESMExports();

const calls = addon as unknown as Record<string, Callable>;
watch(calls, 'netlinkExchange', (_fd, request, length) => length !== 0 && isChange(request));
watch(calls, 'netlinkExchangeLater', (_fd, request) => isChange(request));
watch(calls, 'netlinkTap');
watch(calls, 'sysctls', (_network, _names, values) =>
  (values as readonly unknown[]).some((value) => value !== null),
);

/** linux/netlink.h: the message's type is at 4. Of rtnetlink every fourth, from 18, is a GET. */
function isChange(request: unknown): boolean {
  const bytes = request as Buffer;
  if (bytes.length < 16) return false;
  const type = bytes.readUInt16LE(4);
  const batchBegin = 0x10;
  const deleteConnection = 0x102;
  if (type >= 0x100) return type === deleteConnection;
  return type === batchBegin || (type - batchBegin) % 4 !== 2;
}
