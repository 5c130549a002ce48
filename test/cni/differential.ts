/** One call in two worlds: the reference plugin in one pair of namespaces, ours in another. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Test } from 'tap';
import { normalizeResult, snapshot, type Snapshot } from './snapshot.ts';

export const referenceFolder = '/usr/lib/cni';
const ours = fileURLToPath(new URL('../../cni-plugins/main.ts', import.meta.url));

export const skip =
  (process.getuid?.() !== 0 && 'needs root') ||
  (!existsSync(`${referenceFolder}/bridge`) && 'needs containernetworking-plugins');

export interface Outcome {
  readonly exitCode: number | null;
  readonly document: Record<string, unknown> | undefined;
  readonly stderr: string;
}

export interface Call {
  readonly verb: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
}

let made = 0;

export function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A host and a container of it, each a namespace of its own, and the plugins of one maker. */
export class World {
  readonly side: 'reference' | 'ours';
  readonly host: string;
  readonly container: string;
  readonly folder: string;

  constructor(t: Test, side: 'reference' | 'ours') {
    const number = ++made;
    this.side = side;
    this.host = `kd${process.pid}h${number}`;
    this.container = `kd${process.pid}c${number}`;
    this.folder = join(t.testdirName, `${side}-${number}`);
    mkdirSync(join(this.folder, 'empty'), { recursive: true });
    for (const name of [this.host, this.container]) this.#makeNamespace(t, name);
    ip('-n', this.host, 'link', 'set', 'lo', 'up');
  }

  get netns(): string {
    return `/run/netns/${this.container}`;
  }

  /** Another container on the same host. */
  addContainer(t: Test): string {
    const name = `kd${process.pid}c${++made}`;
    this.#makeNamespace(t, name);
    return name;
  }

  /** Runs the plugin that `type` names, in the host's namespace. */
  call({ verb, config, environment = {} }: Call): Outcome {
    const type = String(config['type']);
    const program =
      this.side === 'reference' ? [`${referenceFolder}/${type}`] : [process.execPath, ours, type];
    const { status, stdout, stderr } = spawnSync('ip', ['netns', 'exec', this.host, ...program], {
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        CNI_COMMAND: verb,
        CNI_CONTAINERID: 'container-1',
        CNI_IFNAME: 'eth0',
        CNI_NETNS: this.netns,
        // Without programs there ours calls its own IPAM plugins in its process.
        CNI_PATH: this.side === 'reference' ? referenceFolder : join(this.folder, 'empty'),
        KEELSON_STATE: this.folder,
        ...environment,
      },
      input: JSON.stringify(this.#localized(config)),
      encoding: 'utf8',
      timeout: 60_000,
    });
    const text = stdout.trim();
    return { exitCode: status, document: text === '' ? undefined : JSON.parse(text), stderr };
  }

  ip(...args: readonly string[]): string {
    return ip('-n', this.host, ...args);
  }

  ipInside(...args: readonly string[]): string {
    return ip('-n', this.container, ...args);
  }

  /** A command in the host's namespace; its standard output. */
  run(...args: readonly string[]): string {
    return ip('netns', 'exec', this.host, ...args);
  }

  runInside(...args: readonly string[]): string {
    return ip('netns', 'exec', this.container, ...args);
  }

  snapshot(): { readonly host: Snapshot; readonly container: Snapshot } {
    return { host: snapshot(this.host), container: snapshot(this.container) };
  }

  /** Leases of the two worlds do not meet. */
  #localized(config: Call['config']): object {
    const ipam = config['ipam'];
    if (typeof ipam !== 'object' || ipam === null || !('type' in ipam)) return config;
    return ipam.type === 'host-local'
      ? { ...config, ipam: { ...ipam, dataDir: join(this.folder, 'leases') } }
      : config;
  }

  #makeNamespace(t: Test, name: string): void {
    ip('netns', 'add', name);
    t.teardown(() => ip('netns', 'delete', name));
  }
}

export interface Comparison {
  readonly calls: readonly Call[];
  /** Makes what the plugin needs on each host. */
  readonly prepare?: (world: World) => void;
  /** Takes out of both snapshots what is meant to differ, with the reason where it is called. */
  readonly forgive?: (world: ReturnType<World['snapshot']>) => unknown;
}

/** The same calls in both worlds, and after each of them equal answers and equal kernels. */
export async function compare(t: Test, comparison: Comparison): Promise<{ ours: World }> {
  t.testdir({});
  const { calls, prepare, forgive = (world) => world } = comparison;
  const worlds = [new World(t, 'reference'), new World(t, 'ours')] as const;
  let previous: readonly (Record<string, unknown> | undefined)[] = [undefined, undefined];
  for (const world of worlds) prepare?.(world);
  for (const call of calls) {
    const outcomes = worlds.map((world, index) =>
      world.call(call.verb === 'ADD' ? call : withPrevious(call, previous[index])),
    );
    if (call.verb === 'ADD') previous = outcomes.map(({ document }) => document);
    const answers = worlds.map((world, index) => answerOf(outcomes[index], world));
    const [expected, actual] = await settled(worlds, answers, forgive);
    t.same(actual, expected, `${call.verb}: ${JSON.stringify(call.config).slice(0, 160)}`);
  }
  return { ours: worlds[1] };
}

const settleMs = 50;
const longestSettleMs = 4000;

/**
 * Looks until both worlds are equal and at rest, or long enough: carriers, link-local addresses and
 * duplicate address detection take their time, and not the same in either.
 */
async function settled(
  worlds: readonly World[],
  answers: readonly unknown[],
  forgive: NonNullable<Comparison['forgive']>,
): Promise<readonly unknown[]> {
  const deadline = Date.now() + longestSettleMs;
  for (;;) {
    const found = worlds.map((world, index) => ({
      answer: answers[index],
      kernel: forgive(world.snapshot()),
    }));
    const settled =
      isDeepStrictEqual(found[0], found[1]) && !/"tentative/.test(JSON.stringify(found));
    if (settled || Date.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, settleMs));
  }
}

function withPrevious(call: Call, previous: Record<string, unknown> | undefined): Call {
  if (previous === undefined || 'code' in previous || 'prevResult' in call.config) return call;
  return { ...call, config: { ...call.config, prevResult: previous } };
}

/** Texts of errors are our own, and so are codes: the reference has 999 for nearly all of them. */
function answerOf(outcome: Outcome | undefined, world: World) {
  const { exitCode, document } = outcome ?? { exitCode: -1, document: undefined };
  if (document !== undefined && 'code' in document) return { exitCode, refused: true };
  return { exitCode, document: document && normalizeResult(document, world) };
}
