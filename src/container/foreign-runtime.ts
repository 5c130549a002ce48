import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { DomainError, hasCode, isKernelError, messageOf } from '../base/error.ts';
import { writeVolatileState } from '../base/state-file.ts';
import { encodePlan, operation, type Operation } from '../kernel/operation.ts';
import { runPlan } from '../kernel/run-plan.ts';
import { spawn } from '../kernel/spawn.ts';
import type { Launch } from '../kernel/launch.ts';
import type { ContainerRequest, RuntimeBinary } from './container-engine.ts';
import type { Container } from './container.ts';
import type { EngineContext } from './engine-context.ts';
import { mapText } from './plan/plan-namespaces.ts';
import { relativeLayers } from './plan/plan-root.ts';
import type { Process, Spec } from './spec.ts';

/**
 * Containers that another OCI runtime makes (runc, crun, runsc). Its commands are children of the
 * pod's shim, which is then parent of what they leave: streams, log, exit code and life after the
 * runtime's end are as with our own.
 */
export async function launchForeign(context: EngineContext, container: Container): Promise<void> {
  const { request } = container;
  const place = placeOf(context, request);
  await makeBundle(place, request);
  const shim = await context.shims.open(request.podId);
  const terminal = request.spec.process?.terminal === true;
  const console = join(place.folder, 'c.sock');
  const pidFile = join(place.folder, 'pid');
  const create = ['create', '--bundle', place.bundle, '--pid-file', pidFile];
  const words = [...create, ...(terminal ? ['--console-socket', console] : []), request.id];
  const plan = [
    runtimeOperation(place, words, { pidFile, console: terminal ? console : '' }),
    operation.wait(),
    runtimeOperation(place, ['start', request.id], {}),
    operation.finish(),
  ];
  try {
    const { pid } = await shim.launch({
      ...relayed(plan),
      container: request.id,
      name: '',
      folder: place.folder,
      log: request.logPath ?? '',
      stdio: 'log',
      input: request.stdin !== 'none',
      terminal,
    });
    container.save({ pid });
  } catch (cause) {
    throw explained(place, cause);
  }
}

/** The launch of a further program. */
export function launchForeignExec(
  context: EngineContext,
  container: Container,
  exec: { readonly name: string; readonly process: Process; readonly input: boolean },
): Launch {
  const { request } = container;
  const place = placeOf(context, request);
  const { name, process, input } = exec;
  const file = (kind: string): string => join(place.folder, `${name}.${kind}`);
  const terminal = process.terminal === true;
  writeFileSync(file('json'), JSON.stringify(process), { mode: 0o600 });
  const console = terminal ? file('sock') : '';
  const flags = ['exec', '--detach', '--process', file('json'), '--pid-file', file('pid')];
  const words = [...flags, ...(terminal ? ['--console-socket', console] : []), request.id];
  return {
    ...relayed([
      runtimeOperation(place, words, { pidFile: file('pid'), console }),
      operation.finish(),
    ]),
    container: request.id,
    name,
    folder: '',
    log: '',
    stdio: 'pass',
    input: input && !terminal,
    terminal,
  };
}

/** What the exec's launch has left behind, once it is answered. */
export function forgetForeignExec(
  context: EngineContext,
  container: Container,
  name: string,
): void {
  const { folder } = placeOf(context, container.request);
  for (const kind of ['json', 'pid', 'sock'])
    rmSync(join(folder, `${name}.${kind}`), { force: true });
}

/** One command to its end. Throws DomainError `invalid` with the last line of its log. */
export async function runForeign(
  context: EngineContext,
  container: Container,
  words: readonly string[],
): Promise<void> {
  const place = placeOf(context, container.request);
  const child = await spawn({ args: wordsOf(place, words), env, stdio: 'null' });
  const { exitCode } = await child.wait();
  if (exitCode !== 0) throw explained(place, new Error(`exited with ${exitCode}`));
}

export async function isForeignPaused(
  context: EngineContext,
  container: Container,
): Promise<boolean> {
  const state = await askForeign(context, container, ['state', container.id]);
  return (state as { readonly status?: unknown }).status === 'paused';
}

export async function foreignProcesses(
  context: EngineContext,
  container: Container,
): Promise<readonly number[]> {
  const pids = await askForeign(context, container, ['ps', '--format', 'json', container.id]);
  return Array.isArray(pids) ? pids.filter((pid) => typeof pid === 'number') : [];
}

/** A command whose answer is JSON. */
async function askForeign(
  context: EngineContext,
  container: Container,
  words: readonly string[],
): Promise<unknown> {
  const place = placeOf(context, container.request);
  const child = await spawn({ args: wordsOf(place, words), env });
  child.stderr?.resume();
  const [answer, { exitCode }] = await Promise.all([
    text(child.stdout ?? Readable.from([])),
    child.wait(),
  ]);
  if (exitCode !== 0) throw explained(place, new Error(`exited with ${exitCode}`));
  return JSON.parse(answer);
}

/** New limits, by a file: the runtime knows which hierarchies it uses. */
export async function updateForeign(
  context: EngineContext,
  container: Container,
  resources: object,
): Promise<readonly string[]> {
  const file = join(placeOf(context, container.request).folder, 'resources.json');
  writeFileSync(file, JSON.stringify(resources), { mode: 0o600 });
  await runForeign(context, container, ['update', '--resources', file, container.id]);
  return [];
}

/** Every trace that the runtime has of it; may be repeated. */
export async function discardForeign(context: EngineContext, container: Container): Promise<void> {
  const { bundle } = placeOf(context, container.request);
  if (!existsSync(bundle)) return;
  try {
    await runForeign(context, container, ['delete', '--force', container.id]);
  } catch (error) {
    // A runtime that is not there any more keeps nobody from removing what it has made.
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  await runPlan([operation.unmount(join(bundle, 'rootfs'))]);
}

/** The words that show what went wrong, for a request that failed. */
export function foreignError(
  context: EngineContext,
  container: Container,
  cause: unknown,
): DomainError {
  return explained(placeOf(context, container.request), cause);
}

interface Place {
  readonly binary: RuntimeBinary;
  readonly folder: string;
  readonly bundle: string;
}

const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

function placeOf(context: EngineContext, request: ContainerRequest): Place {
  if (request.runtime === undefined) throw new Error('A container of our own');
  const folder = context.store.folderOf(request.id);
  return { binary: request.runtime, folder, bundle: join(folder, 'bundle') };
}

function wordsOf({ binary, folder }: Place, words: readonly string[]): string[] {
  const { path, root, options } = binary;
  const logging = ['--log', join(folder, 'runtime.log'), '--log-format', 'json'];
  return [path, ...options, '--root', root, ...logging, ...words];
}

function runtimeOperation(
  place: Place,
  words: readonly string[],
  { pidFile = '', console = '' }: { readonly pidFile?: string; readonly console?: string },
): Operation {
  return ['runtime', pidFile, console, ...wordsOf(place, words)];
}

/** In the shim's own cgroup: the runtime places what it makes. */
function relayed(plan: readonly Operation[]) {
  const common = { cloneFlags: 0, cgroup: '', relay: true, join: false, fds: [] } as const;
  return { ...common, plan: encodePlan(plan) };
}

/** `config.json` and the root, mounted on the host: another runtime knows folders alone. */
async function makeBundle({ bundle }: Place, request: ContainerRequest): Promise<void> {
  const rootfs = join(bundle, 'rootfs');
  mkdirSync(rootfs, { recursive: true, mode: 0o755 });
  const { spec, snapshot, cgroupPath } = request;
  const root = { ...spec.root, path: snapshot === undefined ? (spec.root?.path ?? '') : 'rootfs' };
  const linux = { ...spec.linux, cgroupsPath: cgroupPath };
  const document: Spec = { ...spec, ociVersion: '1.0.2', root, linux };
  writeVolatileState(join(bundle, 'config.json'), document);
  if (snapshot === undefined) return;
  const { folder, names } = relativeLayers(snapshot.layers);
  const { upper, work } = snapshot;
  const pathOnly = 0o10200000;
  const { uidMappings, gidMappings } = spec.linux ?? {};
  const mapped = (uidMappings ?? []).length > 0;
  const maps = { uid: mapText(uidMappings), gid: mapText(gidMappings) };
  const overlay = { folder, layers: names, upper, work, ...(mapped && { userNamespaceSlot: 2 }) };
  await runPlan([
    operation.open(0, '/', pathOnly),
    operation.useRoot(0),
    ...(mapped ? [operation.userNamespace(2, maps)] : []),
    operation.overlay(1, overlay),
    operation.attach(1, rootfs, false),
  ]);
}

function explained({ folder, binary }: Place, cause: unknown): DomainError {
  if (isKernelError(cause) && cause.call !== 'runtime') {
    return new DomainError('invalid', messageOf(cause), { cause });
  }
  const words = lastLogged(join(folder, 'runtime.log'));
  if (words === '') {
    return new DomainError('invalid', `The runtime ${binary.path} failed`, { cause });
  }
  return new DomainError('invalid', words);
}

function lastLogged(path: string): string {
  try {
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '') as { readonly msg?: unknown };
    return typeof last.msg === 'string' ? last.msg : '';
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return '';
    throw error;
  }
}
