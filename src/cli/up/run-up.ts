import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, messageOf } from '../../base/error.ts';
import { type Logger, openLog } from '../../base/log.ts';
import { writeVolatileState } from '../../base/state-file.ts';
import type { Cli } from '../cli.ts';
import { lockRuntime } from '../runtime-lock.ts';
import { ServiceManager } from '../service-manager.ts';
import { askForInvitation, askForNetwork, nodeReady, showRole } from './ask-cluster.ts';
import { discoverAuthority } from './discover-authority.ts';
import type { Invitation } from './invite.ts';
import { parseJoinLine, serverOf } from './join-line.ts';
import { KeptPart } from './kept-part.ts';
import { holderOf } from './part.ts';
import { remember } from './membership.ts';
import { nodeFilesIn, writeNodeFiles } from './node-files.ts';
import { partsOf, type NodePlan } from './node-plan.ts';
import { recordKubelet } from './record-kubelet.ts';
import { welcomePath, welcomeText, type Welcome } from './welcome.ts';

export interface UpOptions extends Omit<NodePlan, 'first' | 'files'> {
  /** `TOKEN:sha256:HASH@HOST[:PORT]` */
  readonly join: string | undefined;
  /** The cluster that the machine joined before; undefined where it has its own. */
  readonly joined: string | undefined;
  /** `/etc/keelson` */
  readonly folder: string;
  /** The first node's API as its administrator calls it. */
  readonly adminKubeconfig: string;
  /** Where it is remembered what the node is: `/var/lib/keelson`. */
  readonly root: string;
}

/** The parts are Node processes that begin: seconds, on a busy machine a minute. */
const startMs = 180_000;
/** Images that are pulled first are not waited for, the node's network is. */
const nodeReadyMs = 180_000;
const retryMs = 500;

/**
 * Makes this machine a node, and keeps its parts running until SIGTERM or SIGINT, which ends them
 * with it; containers stay. SIGUSR2 ends it alone: the next `keelson up` takes the parts over as
 * they run, as after a kill.
 */
export async function runUp(options: UpOptions, cli: Cli): Promise<void> {
  const log = openLog('up');
  const manager = new ServiceManager(log);
  await mkdir(options.state, { recursive: true, mode: 0o700 });
  using _lock = lockRuntime(options.state, 'up');
  const wish = endWish();
  const plan = await planOf(options);
  const kept = keep(plan, log);
  const begin = async (): Promise<void> => {
    const welcome = await raise(options, { plan, kept, manager, log });
    writeVolatileState(welcomePath(options.state), welcome);
    await cli.print(welcomeText(welcome));
    manager.notify('READY=1', 'STATUS=The node is ready');
  };
  const failed = await Promise.race([
    begin().then(() => undefined, asError),
    wish.promise.then(() => undefined),
  ]);
  // Whoever keeps it as a service starts it again; the parts that came up stay.
  if (failed !== undefined) {
    for (const part of kept.all) part.release();
    throw failed;
  }
  const signal = await wish.promise;
  manager.notify('STOPPING=1');
  log.info({ signal }, signal === 'SIGUSR2' ? 'leaving the parts as they are' : 'stopping');
  if (signal === 'SIGUSR2') for (const part of kept.all) part.release();
  else await stopAll(kept);
  // Processes that were left are no reason to stay.
  process.exit(0);
}

interface Kept {
  readonly runtime: KeptPart;
  readonly coordinator: KeptPart | undefined;
  /** Kubelet and network agent: one process, or two where somebody has one of them running. */
  readonly node: readonly KeptPart[];
  readonly all: readonly KeptPart[];
}

/** The signal that ends it, whenever it comes. */
function endWish(): PromiseWithResolvers<NodeJS.Signals> {
  const wish = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR2'] as const) {
    process.on(signal, () => wish.resolve(signal));
  }
  return wish;
}

async function planOf(options: UpOptions): Promise<NodePlan> {
  const files = nodeFilesIn(options.folder);
  const { nodeName, nodeAddress, mode, joined, network } = options;
  await mkdir(options.root, { recursive: true, mode: 0o700 });
  if (options.join === undefined) {
    const server = joined === undefined ? {} : { server: joined };
    await remember(options.root, { nodeName, nodeAddress, mode, network, ...server });
    return { ...options, files, first: joined === undefined };
  }
  if (existsSync(`${options.coordinatorRoot}/store.db`)) {
    throw new DomainError(
      'conflict',
      `This machine has a cluster of its own ("${options.coordinatorRoot}"): ` +
        '`keelson down --purge` removes it',
    );
  }
  const line = parseJoinLine(options.join);
  const authority = await discoverAuthority(line);
  const server = serverOf(line);
  const { token } = line;
  const told = await askForNetwork({ server, authority, token });
  await writeNodeFiles(files, { server, authority, token, network: told }, ledgerOf(options));
  await remember(options.root, { nodeName, nodeAddress, mode, network: told, server });
  return { ...options, network: told, files, first: false };
}

function ledgerOf({ root }: UpOptions): string {
  return `${root}/ledger`;
}

function keep(plan: NodePlan, log: Logger): Kept {
  const parts = partsOf(plan);
  const surroundings = { folder: plan.state, log };
  const runtime = new KeptPart(parts.runtime, surroundings);
  const coordinator = parts.coordinator && new KeptPart(parts.coordinator, surroundings);
  const together = holderOf(parts.kubelet.lockPath) === holderOf(parts.network.lockPath);
  const chosen = together ? [parts.node] : [parts.kubelet, parts.network];
  const node = chosen.map((part) => new KeptPart(part, surroundings));
  const all = [runtime, ...(coordinator === undefined ? [] : [coordinator]), ...node];
  return { runtime, coordinator, node, all };
}

interface Raising {
  readonly plan: NodePlan;
  readonly kept: Kept;
  readonly manager: ServiceManager;
  readonly log: Logger;
}

/** Starts the parts in the order in which they need each other. */
async function raise(options: UpOptions, { plan, kept, manager, log }: Raising): Promise<Welcome> {
  const started = async (...parts: readonly (KeptPart | undefined)[]): Promise<void> => {
    const list = parts.filter((part) => part !== undefined);
    manager.notify(`STATUS=Starting ${list.map(({ part }) => part.name).join(', ')}`);
    await Promise.all(list.map((part) => inTime(part)));
  };
  await started(kept.runtime, kept.coordinator);
  const join = plan.first ? await openCluster(options, plan) : undefined;
  await recordKubelet(ledgerOf(options));
  await started(...kept.node);
  const { nodeName: node } = plan;
  if (!plan.first) return { node, first: false };
  manager.notify(`STATUS=Waiting for node ${node} to be ready`);
  const signal = AbortSignal.timeout(nodeReadyMs);
  const ready = await nodeReady(options.adminKubeconfig, { node, signal });
  await showRole(options.adminKubeconfig, node).catch((error: unknown) => {
    log.warn(`the node's role is not shown: ${messageOf(error)}`);
  });
  return { node, first: true, ready, join, kubeconfig: options.adminKubeconfig };
}

async function inTime(part: KeptPart): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const { name } = part.part;
  const late = new DomainError('timeout', `${name} is not ready in ${startMs / 1000} s`);
  const timer = setTimeout(() => reject(late), startMs);
  try {
    await Promise.race([part.start(), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** The line by which other machines join. */
async function openCluster(options: UpOptions, { files, network }: NodePlan): Promise<string> {
  const { token, authority, line } = await invited(options);
  const { port } = parseJoinLine(line);
  // By the loopback: the node reaches its own coordinator whatever becomes of its addresses.
  const server = `https://127.0.0.1:${port}`;
  await writeNodeFiles(files, { server, authority, token, network }, ledgerOf(options));
  return line;
}

/** A coordinator that was found running, by a supervisor that was killed, may still be starting. */
async function invited({ adminKubeconfig, nodeAddress }: UpOptions): Promise<Invitation> {
  const host = nodeAddress.split(',')[0] ?? '';
  const begin = performance.now();
  for (;;) {
    try {
      return await askForInvitation(adminKubeconfig, host);
    } catch (error) {
      if (performance.now() - begin > startMs) throw error;
      await sleep(retryMs);
    }
  }
}

/** Who uses others ends before them. */
async function stopAll(kept: Kept): Promise<void> {
  for (const part of kept.node) await part.stop();
  await kept.coordinator?.stop();
  await kept.runtime.stop();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
