import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { messageOf } from '../../base/error.ts';
import { keyOf } from '../../base/host-change.ts';
import { openRuntime } from '../../kubelet/runtime/open-runtime.ts';
import { openProcess, processEnd, signalProcess } from '../../kernel/pidfd.ts';
import { undoChanges } from '../../network/undo-changes.ts';
import type { Cli } from '../cli.ts';
import { nodeFilesIn } from './node-files.ts';
import { partsOf, type NodeParts } from './node-plan.ts';
import { commandOf, holderOf } from './part.ts';
import type { UpOptions } from './run-up.ts';

export interface DownOptions {
  /** What keelson changed on this machine is taken back, too. */
  readonly uninstall: boolean;
  /** The cluster's state, images and volumes are removed, too: nothing is left. */
  readonly purge: boolean;
}

/** A part answers what it has begun, and ends. */
const graceMs = 20_000;
const removalMs = 120_000;
/** Pods are removed side by side, so many at a time. */
const atATime = 8;

/**
 * Undoes `keelson up`, whatever of it still runs: ends the kubelet, removes the pods, ends the
 * other parts. What cannot be done is told, and the rest is done all the same.
 */
export async function runDown(options: UpOptions, wish: DownOptions, cli: Cli): Promise<void> {
  const files = nodeFilesIn(options.folder);
  const parts = partsOf({ ...options, files, first: true });
  const tell = (text: string): Promise<void> => cli.printError(`${text}\n`);
  // Alone: the runtime has to remove the pods before it ends.
  await end(`${options.state}/up.lock`, 'SIGUSR2');
  await endPart(parts, 'kubelet', tell);
  if (holderOf(parts.runtime.lockPath) !== undefined) {
    await removePods(options.socket, tell);
    if (wish.uninstall || wish.purge) await removeContainers(options.socket);
  }
  await Promise.all([endPart(parts, 'network', tell), endPart(parts, 'coordinator', tell)]);
  // One whose agent was killed, and has not come back.
  await endPart(parts, 'ingress', tell);
  await endPart(parts, 'runtime', tell);
  if (wish.uninstall || wish.purge) await uninstall(options, tell);
  if (wish.purge) await purge(options);
}

async function endPart(
  parts: NodeParts,
  name: keyof NodeParts,
  tell: (text: string) => Promise<void>,
): Promise<void> {
  const path = parts[name]?.lockPath;
  if (path !== undefined && (await end(path, 'SIGTERM'))) await tell(`The ${name} has ended.`);
}

/** Ends who has a lock, by force when the signal does not help; false when nobody has it. */
async function end(lockPath: string, signal: NodeJS.Signals): Promise<boolean> {
  const pid = holderOf(lockPath);
  if (pid === undefined) return false;
  using process = openProcess(pid);
  signalProcess(process.fd, signal);
  try {
    await processEnd(process.fd, { timeoutMs: graceMs });
  } catch {
    signalProcess(process.fd, 'SIGKILL');
    await processEnd(process.fd, { timeoutMs: graceMs });
  }
  return true;
}

async function removePods(socket: string, tell: (text: string) => Promise<void>): Promise<void> {
  using runtime = openRuntime(socket);
  const waiting = (await runtime.listPods()).map(({ id }) => id);
  const count = waiting.length;
  const problems: string[] = [];
  const work = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      try {
        await runtime.stopPod(id);
        await runtime.removePod(id);
      } catch (error) {
        problems.push(`Pod ${id}: ${messageOf(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  for (const problem of problems) await tell(problem);
  if (count > 0) await tell(`${count - problems.length} pods are removed.`);
}

/** Those of `keelson run`, which the CRI does not list. */
async function removeContainers(socket: string): Promise<void> {
  const [program = '', ...args] = commandOf('rm', ['--all', '--force']);
  const env = { ...process.env, KEELSON_SOCKET: socket };
  await promisify(execFile)(program, args, { env, timeout: removalMs });
}

async function uninstall(
  { root }: UpOptions,
  tell: (text: string) => Promise<void>,
): Promise<void> {
  const { undone, problems } = await undoChanges(`${root}/ledger`);
  for (const { change, reason } of problems) await tell(`${keyOf(change)}: ${reason}`);
  await tell(`${undone.length} changes of this machine are undone.`);
}

async function purge({ root, state, coordinatorRoot }: UpOptions): Promise<void> {
  for (const folder of [coordinatorRoot, root, state]) {
    await rm(folder, { recursive: true, force: true });
  }
}
